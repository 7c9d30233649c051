"""What is raised on purpose; the message is for the one who reads the pipeline's log."""


class PipelineError(Exception):
    """Root of all."""


class PackageBroken(PipelineError):
    """The deployment package cannot be built, or does not stand by itself."""


class SmokeFailed(PipelineError):
    """The deployed service does not do what it must."""


class ReleaseFailed(PipelineError):
    """A step of a release cannot be done."""
