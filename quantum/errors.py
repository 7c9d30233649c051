"""What is raised on purpose; the message is for the one who runs the command."""


class QuantumBuildError(Exception):
    """Root of all; the command ends with `exit_code`."""

    exit_code = 2


class CatalogueInvalid(QuantumBuildError):
    """budgets.json is not as it must be."""


class RequestRefused(QuantumBuildError):
    """An argument cannot be followed."""


class TargetRefused(QuantumBuildError):
    """The target is, or may be, hardware that costs money."""


class NotReady(QuantumBuildError):
    """Something outside is missing: a package, a setting, the workspace."""

    exit_code = 3


class Failed(QuantumBuildError):
    """A program is wrong, over its budget, or its outcomes are not what they must be."""

    exit_code = 1
