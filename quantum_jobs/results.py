"""What a job has given, as a program wants it: counts by item, in the one stated bit order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from quantum_jobs.errors import Fault, InvalidRequest
from quantum_jobs.models import Job, Register
from quantum_jobs.money import Money


@dataclass(frozen=True)
class Item:
    """One run of a program: how often each outcome came.

    A key of `counts` reads like a number: the last declared register first, registers apart by a space, within a
    register c[n-1]..c[0]. `shots` are those that gave an outcome; `failed_shots` gave none and are in no count.
    """

    counts: Mapping[str, int]
    parameters: Mapping[str, float] = field(default_factory=dict)
    failed_shots: int = 0

    @property
    def shots(self) -> int:
        return sum(self.counts.values())

    @property
    def probabilities(self) -> dict[str, float]:
        """Shares of the counted shots, together 1; empty when nothing was counted."""
        return {outcome: count / self.shots for outcome, count in self.counts.items()} if self.shots else {}


@dataclass(frozen=True)
class Result:
    """What a submit has given: an item for each parameter set, in order; one item where there were none.

    `cost` is the provider's bill, None where it sent none; `seconds` is from accepted to done. `from_cache` tells that
    no job was run for it: both then say what the job cost and took that once was.
    """

    job_ids: tuple[str, ...]
    target: str
    registers: tuple[Register, ...]
    items: tuple[Item, ...]
    cost: Money | None = None
    seconds: float = 0.0
    from_cache: bool = False

    @property
    def job_id(self) -> str:
        """The job, or the first of several where the parameter sets were too many for one."""
        return self.job_ids[0]

    @property
    def counts(self) -> Mapping[str, int]:
        """The counts of the only item.

        Raises:
            InvalidRequest: there are several; take `items`.
        """
        if len(self.items) != 1:
            raise InvalidRequest([Fault(f"the result has {len(self.items)} items; read items[i].counts", "/items")])
        return self.items[0].counts

    def as_bytes(self) -> bytes:
        """Write the result so that `read_result` gives it again."""
        return json.dumps(
            {
                "jobIds": self.job_ids,
                "target": self.target,
                "registers": [[register.name, register.size] for register in self.registers],
                "items": [
                    {"counts": item.counts, "parameters": item.parameters, "failedShots": item.failed_shots}
                    for item in self.items
                ],
                "cost": self.cost.document() if self.cost else None,
                "seconds": self.seconds,
            },
            separators=(",", ":"),
        ).encode()


def together(results: Sequence[Result]) -> Result:
    """Give the results of several jobs as one: the items of the first, then those of the next."""
    if len(results) == 1:
        return results[0]
    costs = [result.cost for result in results]
    return replace(
        results[0],
        job_ids=tuple(job_id for result in results for job_id in result.job_ids),
        items=tuple(item for result in results for item in result.items),
        cost=Money(sum(cost.micros for cost in costs if cost)) if all(costs) else None,
        seconds=max(result.seconds for result in results),
        from_cache=all(result.from_cache for result in results),
    )


def read_result(data: bytes) -> Result:
    """Read what `Result.as_bytes` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        members = json.loads(data)
        return Result(
            job_ids=tuple(map(str, members["jobIds"])),
            target=members["target"],
            registers=tuple(Register(name, size) for name, size in members["registers"]),
            items=tuple(Item(each["counts"], each["parameters"], each["failedShots"]) for each in members["items"]),
            cost=Money.of(**members["cost"]) if members["cost"] else None,
            seconds=float(members["seconds"]),
        )
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not a result: {error!r}") from error


def result_of(job: Job, document: bytes, seconds: float) -> Result:
    """Make the result of a job's normalised document."""
    members = json.loads(document)
    return Result(
        job_ids=(job.id,),
        target=job.target,
        registers=job.registers,
        items=tuple(Item(each["counts"], each["parameters"], each["failedShots"]) for each in members["items"]),
        cost=job.cost_actual,
        seconds=seconds,
        from_cache=job.reused_from is not None,
    )
