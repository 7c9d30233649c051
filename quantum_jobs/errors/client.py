"""What can go wrong in a program that drives the workspace itself; none of it ever becomes an answer over HTTP."""

from quantum_jobs.errors.base import QuantumJobsError


class ClientError(QuantumJobsError):
    """What can go wrong in a program that drives the workspace itself."""


class ClientClosed(ClientError):
    """The client was used outside its `with`."""

    title = "The client is closed"


class SessionClosed(ClientError):
    """The workspace takes no more jobs for a session: it was closed, timed out, or a job of it failed."""

    title = "The session takes no more jobs"


class CheckpointMismatch(ClientError):
    """A loop asks for something else than it did at the same place before."""

    title = "The checkpoint is of another program"


class CheckpointTaken(ClientError):
    """Another process carries on the same loop."""

    title = "Another process runs this loop"


class CheckpointUnreadable(ClientError):
    """A checkpoint holds something that this release did not write."""

    title = "The checkpoint cannot be read"


class LoopOverBudget(ClientError):
    """The next job of a loop could take it over its budget; it was not submitted."""

    title = "The loop's budget does not cover the next job"


class LoopOverdue(ClientError):
    """A loop's deadline has passed; nothing more was submitted."""

    title = "The loop's deadline has passed"


class LoopNotDurable(ClientError):
    """A loop was asked for where nothing outlives the process."""

    title = "A loop needs durable records"
