"""What a client, a session and a loop have in common: they take programs and give results."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol, Unpack

from quantum_jobs import orders
from quantum_jobs.models import Target
from quantum_jobs.money import Money
from quantum_jobs.orders import SubmitOptions
from quantum_jobs.results import Result, together
from quantum_jobs.savings import Savings
from quantum_jobs.submitted_jobs import AsyncJob, WatchedJob


@dataclass(frozen=True)
class Frame:
    """What a submit happens in: `who` waits its turn as one; a session; what is left of a loop's money and time."""

    who: Hashable
    session_id: str | None = None
    max_cost: Money | None = None
    start_by: str | None = None


class Submits(Protocol):
    """What a session and a loop need of the client."""

    savings: Savings

    async def target(self, target_id: str) -> Target: ...
    async def submit_in(self, frame: Frame, source: str | bytes, shots: int, given: SubmitOptions) -> AsyncJob: ...
    async def submit_watched(
        self, frame: Frame, source: str | bytes, shots: int, given: SubmitOptions
    ) -> WatchedJob: ...


class AsyncRunner(ABC):
    """Takes programs and gives results."""

    @abstractmethod
    async def submit(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> AsyncJob:
        """Check a program and hand it to the workspace; returns once the job is accepted.

        `source` is OpenQASM 3, or what `format` says. The other arguments: `quantum_jobs.SubmitOptions`. Where the
        application has as many unfinished jobs as its pace allows, this waits its turn.

        Raises:
            RequestRefused: nothing was written and nothing costs; says what is wrong, where, and what would be right.
            TargetUnavailable: the provider takes no jobs now.
            ServiceUnavailable: a part does not answer; the same with the same `key` is safe.
        """

    async def run(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> Result:
        """Submit a program and give its result: an item for each parameter set, in as many jobs as they need.

        Raises:
            RequestRefused, TargetUnavailable, ServiceUnavailable: as `submit`.
            JobFailed, JobCancelled: a job came to nothing; says why.
        """
        jobs = []
        for number, sets in enumerate(orders.split(given.get("parameter_sets", ()))):
            part: SubmitOptions = {**given, "parameter_sets": sets}
            if number and given.get("key"):
                part["key"] = f"{given['key']}.{number}"
            jobs.append(await self.submit(source, shots=shots, **part))
        return together([await job.result() for job in jobs])
