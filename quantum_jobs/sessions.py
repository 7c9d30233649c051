"""A session of the workspace as a context: opened before the first job, closed after the last."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Literal, Self, Unpack

from quantum_jobs.errors import Fault, InvalidRequest, ServiceUnavailable, SessionClosed
from quantum_jobs.models import JobState
from quantum_jobs.runners import AsyncRunner, Frame, Submits

if TYPE_CHECKING:
    from types import TracebackType

    from quantum_jobs.orders import SubmitOptions
    from quantum_jobs.submitted_jobs import AsyncJob
    from quantum_jobs.workspace_sessions import WorkspaceSessions

log = logging.getLogger(__name__)

type FailurePolicy = Literal["abort", "continue"]

_ENDED = frozenset({"Succeeded", "Failed", "TimedOut"})
_POLICIES = {"abort": "Abort", "continue": "Continue"}


class AsyncSession(AsyncRunner):
    """A session at one target; a job of it that fails ends it, unless the policy is `continue`.

    The workspace ends a session to which no job comes for ten minutes.
    """

    def __init__(
        self,
        client: Submits,
        sessions: WorkspaceSessions,
        target: str,
        name: str,
        on_failure: FailurePolicy,
    ) -> None:
        self.id = str(uuid.uuid4())
        self.target = target
        self.name = name
        self._client = client
        self._sessions = sessions
        if on_failure not in _POLICIES:
            raise InvalidRequest([Fault(f"{on_failure!r} is not 'abort' or 'continue'", "on_failure")])
        self._policy = _POLICIES[on_failure]

    async def submit(self, source: str | bytes, *, shots: int, **given: Unpack[SubmitOptions]) -> AsyncJob:
        """Submit a job of the session; its target may be left out.

        Raises:
            SessionClosed: the session takes no more jobs; says why.
            RequestRefused, TargetUnavailable, ServiceUnavailable: as a client's `submit`.
        """
        given = {"target": self.target, **given}
        job = await self._client.submit_in(Frame(who=self.id, session_id=self.id), source, shots, given)
        if job.state == JobState.FAILED:
            await self.check()
        return job

    async def check(self) -> None:
        """Make sure that the session takes jobs.

        Raises:
            SessionClosed: it does not; says why.
            ServiceUnavailable: the workspace does not answer.
        """
        status = await self._sessions.status(self.id)
        if status in _ENDED:
            why = "a job of it failed" if status == "Failed" else "it was closed, or no job came for ten minutes"
            raise SessionClosed(
                f"The session {self.name!r} has ended ({status}: {why}); open another one.", status=status
            )

    async def __aenter__(self) -> Self:
        target = await self._client.target(self.target)
        await self._sessions.open(self.id, self.name, self.target, target.provider, self._policy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._sessions.close(self.id)
        except ServiceUnavailable:
            # It ends by itself ten minutes after its last job, and costs nothing until then.
            log.warning("the session %s could not be closed", self.name, exc_info=True)
