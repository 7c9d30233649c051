"""Sessions: jobs that belong together. Their status follows from their jobs, so it cannot go stale."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from local.azure_quantum.authentication import Caller
from local.azure_quantum.errors import Refused
from local.azure_quantum.items import Items
from local.azure_quantum.models import Job, SessionRequest, members_of_version
from local.azure_quantum.targets import Catalogue
from local.azure_quantum.times import PER_SECOND, Ticks, now, text

# learn.microsoft.com, "Get started with sessions": a session without a new job for ten minutes times out.
IDLE_SECONDS = 600.0
TERMINAL = frozenset({"Succeeded", "Failed", "TimedOut"})


@dataclass
class Past:
    """What the status of a session still follows from when jobs of it were deleted."""

    created: Ticks = 0
    """When the newest of them came."""
    ended: Ticks = 0
    """When the last of them ended; 0 when there was none."""
    failed: Ticks | None = None
    """When the first of them failed."""


@dataclass
class Session:
    """A session and the jobs put into it, oldest first."""

    id: str
    request: SessionRequest
    caller: Caller
    created: Ticks
    idle_seconds: float = IDLE_SECONDS
    closed: Ticks | None = None
    jobs: list[Job] = field(default_factory=list)
    past: Past = field(default_factory=Past)
    position: int = 0

    item_type: ClassVar = "Session"
    job_type: ClassVar = ""
    session_key: ClassVar = None

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def provider_id(self) -> str:
        return self.request.provider_id.lower()

    @property
    def target(self) -> str:
        return self.request.target

    @property
    def state(self) -> str:
        return self.status_at(now())

    def status_at(self, time: Ticks) -> str:
        """Give the status by the service's rules: the failure policy, an explicit end, ten idle minutes."""
        has_failed = self._failed is not None
        is_running = any(not job.is_done for job in self.jobs)
        if has_failed and self.request.job_failure_policy == "Abort":
            return "Failed"
        if self.closed is not None and not is_running:
            return "Failed" if has_failed else "Succeeded"
        if not is_running and self._idle_end <= time:
            return "TimedOut"
        if has_failed:
            return "Failure(s)"
        has_begun = self.past.ended or any(job.began or job.is_done for job in self.jobs)
        return "Executing" if has_begun else "Waiting"

    @property
    def _failed(self) -> Ticks | None:
        """Give when the first job failed."""
        times = [job.ended or self.created for job in self.jobs if job.status == "Failed"]
        return min([*times, *([self.past.failed] if self.past.failed is not None else [])], default=None)

    def forget(self, job: Job) -> None:
        """Keep of a job that is deleted what the status follows from."""
        past, ended = self.past, job.ended or job.created
        past.created, past.ended = max(past.created, job.created), max(past.ended, ended)
        if job.status == "Failed":
            past.failed = min(past.failed or ended, ended)
        self.jobs = [other for other in self.jobs if other is not job]

    @property
    def _idle_end(self) -> Ticks:
        last = max(self.created, self.past.created, self.jobs[-1].created if self.jobs else 0)
        return last + int(self.idle_seconds * PER_SECOND)

    @property
    def ended(self) -> Ticks | None:
        """Give when it reached a terminal state; None before."""
        state = self.state
        if state == "TimedOut":
            return self._idle_end
        if state not in TERMINAL:
            return None
        if state == "Failed" and self.request.job_failure_policy == "Abort":
            return self._failed
        return max([self.closed or self.created, self.past.ended, *(job.ended or 0 for job in self.jobs)])

    def record(self) -> str:
        """Write all of it but its jobs as JSON."""
        caller = {"id": self.caller.id, "kind": self.caller.kind}
        request = self.request.model_dump_json(by_alias=True, exclude_none=True)
        own = {"id": self.id, "created": self.created, "closed": self.closed, "past": asdict(self.past)}
        own["idle_seconds"] = self.idle_seconds
        return f'{{"request": {request}, "caller": {json.dumps(caller)}, "own": {json.dumps(own)}}}'

    @classmethod
    def of_record(cls, record: str) -> "Session":
        """Read what `record` wrote; raises ValueError, KeyError or TypeError."""
        document = json.loads(record)
        request = SessionRequest.model_validate(document["request"])
        own = document["own"]
        own["past"] = Past(**own.get("past", {}))
        return cls(request=request, caller=Caller(**document["caller"]), **own)

    def document(self, api_version: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "status": self.state,
            "jobFailurePolicy": self.request.job_failure_policy,
            "name": self.name,
            "id": self.id,
            "providerId": self.provider_id,
            "target": self.target,
            "creationTime": text(self.created),
            "endExecutionTime": text(self.ended),
            "costEstimate": None,
            "itemType": self.item_type,
        }
        return document | members_of_version(self.request.priority, self.caller, self.created, api_version)


class Sessions:
    """All sessions, in order of creation."""

    def __init__(self, catalogue: Catalogue, items: Items, idle_seconds: float = IDLE_SECONDS) -> None:
        self._catalogue, self._items, self._idle_seconds = catalogue, items, idle_seconds
        self._sessions: dict[str, Session] = {}
        self._listed_as: dict[str, str] = {}
        """The state under which each session is listed that may still change."""

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions.values())

    def get(self, session_id: str) -> Session:
        """Raises Refused (404)."""
        session = self._sessions.get(session_id.lower())
        if session is None:
            raise Refused.not_found("session", session_id)
        return session

    def put(self, session_id: str, request: SessionRequest, caller: Caller) -> Session:
        """Open a session; a repeat with the same definition is the same one, with another a conflict (choices)."""
        try:
            UUID(session_id)
        except ValueError as error:
            raise Refused(400, "InvalidRequest", f"The session id {session_id!r} is not a GUID.") from error
        present = self._sessions.get(session_id.lower())
        if present is not None:
            if present.request != request:
                raise Refused(409, "SessionAlreadyExists", f"A session {session_id!r} with another definition exists.")
            return present
        if self._catalogue.find(request.provider_id, request.target) is None:
            raise Refused(400, "InvalidRequest", f"Target {request.target!r} is not available.")
        session = Session(session_id, request, caller, now(), self._idle_seconds)
        self._items.add(session)
        self._add(session)
        return session

    def restore(self, record: str) -> Session:
        """Take a session back, without its jobs; raises ValueError, KeyError or TypeError."""
        session = Session.of_record(record)
        self._add(session)
        return session

    def _add(self, session: Session) -> None:
        self._sessions[session.id.lower()] = session
        self._listed_as[session.id.lower()] = ""

    def time_out_after(self, idle_seconds: float) -> None:
        """Let sessions, those that are open too, time out after so many seconds without a new job."""
        # What has timed out under the rule before stays so.
        self.refresh()
        self._idle_seconds = idle_seconds
        for key in self._listed_as:
            self._sessions[key].idle_seconds = idle_seconds
            self._items.save(self._sessions[key])

    def restored(self) -> None:
        """Hold the sessions that are open after a restart, their jobs with them, to the rule of today."""
        self.time_out_after(self._idle_seconds)

    def refresh(self) -> None:
        """Bring the states that lists filter by up to date: they follow from jobs and from the time."""
        for key, listed in list(self._listed_as.items()):
            session = self._sessions[key]
            state = session.state
            if state != listed:
                self._items.save(session)
                self._listed_as[key] = state
            if state in TERMINAL:
                del self._listed_as[key]

    def close(self, session_id: str) -> Session:
        """Take no more jobs; those under way run to their end."""
        session = self.get(session_id)
        if session.state not in TERMINAL and session.closed is None:
            session.closed = now()
            self._items.save(session)
        return session

    def forget(self, job: Job) -> None:
        """Let the session of a job, if it has one, keep what its status follows from when the job is deleted."""
        if job.session_key:
            session = self._sessions[job.session_key]
            session.forget(job)
            self._items.save(session)

    def open_for(self, session_id: str, target_id: str) -> Session:
        """Give a session that takes a job for a target; raises Refused (400) otherwise, in the service's words."""
        session = self._sessions.get(session_id.lower())
        if session is None:
            raise Refused.invalid_job(f"Session {session_id!r} was not found.")
        if session.closed is not None or session.state in TERMINAL:
            raise Refused.invalid_job(
                "Session is already in a terminal state. "
                "This may have been due to failures in prior jobs in the session."
            )
        if session.target != target_id:
            raise Refused.invalid_job(f"The session's target is {session.target!r}; the job's is {target_id!r}.")
        return session
