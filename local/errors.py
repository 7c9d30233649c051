"""Every error of the local cloud, each with a message that says what, where and what to do.

LocalCloudError
├── TokenRefused        a token does not hold; `reason` says why
├── UnknownCaller       no test caller has this name
├── StateCorrupt        a file of the state folder cannot be read
├── DataInUse           the data folder belongs to another local cloud
├── ToolMissing         Node or Azurite is not installed
├── PortInUse           the port asked for belongs to another process
├── CommandNotRunnable  the command to run inside the cloud cannot be started
├── StoppedEarly        Ctrl-C while the cloud was coming up
└── PartFailed          a part of the cloud did not start, or stopped by itself
"""

from pathlib import Path
from typing import ClassVar


class LocalCloudError(Exception):
    """Root of all errors raised on purpose in the local cloud."""

    exit_code: ClassVar[int] = 1


class TokenRefused(LocalCloudError):
    """A token does not hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownCaller(LocalCloudError):
    """No test caller has this name."""


class StateCorrupt(LocalCloudError):
    """A file of the state folder cannot be read as what it should be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged ({reason}): delete it and start again, it is made anew.")
        self.path = path


class DataInUse(LocalCloudError):
    """The folder for what is stored belongs to another local cloud, or cannot be written."""


class ToolMissing(LocalCloudError):
    """A program that the local cloud runs is not installed."""


class PortInUse(LocalCloudError):
    """Another process listens on the port asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is in use by another process: "
            "choose another with --port, or leave --port out to take a free one."
        )


class CommandNotRunnable(LocalCloudError):
    """The command to run inside the cloud cannot be started."""

    exit_code = 127  # as a shell says it


class StoppedEarly(LocalCloudError):
    """The user asked to stop while the cloud was still coming up."""

    exit_code = 130


class PartFailed(LocalCloudError):
    """A part of the cloud did not start, or stopped by itself."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        where = f" Its log: {log}" if log else ""
        super().__init__(f"{part} failed: {reason.rstrip('.')}.{where}")
        self.part, self.log = part, log
