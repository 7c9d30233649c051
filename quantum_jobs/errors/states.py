"""The right request at the wrong moment."""

from collections.abc import Mapping
from typing import Any

from quantum_jobs.errors.base import QuantumJobsError


class WrongState(QuantumJobsError):
    """The right request at the wrong moment."""

    status = 409


class ResultNotReady(WrongState):
    """The job has not finished."""

    status, slug, title = 409, "result-not-ready", "The job has not finished"

    def __init__(self, state: str, retry_after_seconds: int) -> None:
        super().__init__(f"The job is {state}.", state=state)
        self.headers = {"Retry-After": str(retry_after_seconds)}


class JobFailed(WrongState):
    """The result of a failed job was asked for."""

    status, slug, title = 409, "job-failed", "The job failed"

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("detail") or "The job failed."), error=dict(error))


class JobCancelled(WrongState):
    """The result of a cancelled job was asked for."""

    status, slug, title = 409, "job-cancelled", "The job was cancelled"

    def __init__(self, by: str | None, at: str | None) -> None:
        super().__init__(f"{by or 'Somebody'} asked for its end.", cancelledBy=by, cancelledAt=at)


class JobAlreadyDone(WrongState):
    """A job that has ended cannot be cancelled."""

    status, slug, title = 409, "job-already-done", "The job has ended already"

    def __init__(self, state: str) -> None:
        super().__init__(f"The job has {state}.", state=state)


class JobNotDone(WrongState):
    """A job that has not ended cannot be deleted."""

    status, slug, title = 409, "job-not-done", "The job has not ended"

    def __init__(self, state: str) -> None:
        super().__init__(f"The job is {state}; cancel it first.", state=state)


class UploadIncomplete(WrongState):
    """The upload's blob is not there, or is not what was announced."""

    status, slug, title = 409, "upload-incomplete", "The upload is not what was announced"

    def __init__(self, expected: Mapping[str, Any], actual: Mapping[str, Any] | None) -> None:
        detail = "The blob holds something else." if actual else "The blob has not been uploaded, or is gone."
        super().__init__(detail, expected=dict(expected), actual=dict(actual) if actual else None)


class ResultExpired(WrongState):
    """The result was there, and its time is over."""

    status, slug, title = 410, "result-expired", "The result is no longer kept"

    def __init__(self, expired_at: str | None, detail: str = "") -> None:
        super().__init__(detail, expiredAt=expired_at)


class TargetUnavailable(WrongState):
    """The provider says the target takes no jobs now."""

    status, slug, title = 409, "target-unavailable", "The target takes no jobs now"
