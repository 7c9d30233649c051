"""What can be wrong with policies: before they run, and while they run."""

from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalCloudError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file of the tree, a line, and the policy or attribute there."""

    file: Path
    line: int
    what: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" {self.what}" if self.what else "")

    def at(self, what: str) -> "Place":
        """Give the same line, said more closely."""
        return Place(self.file, self.line, what)

    def below(self, lines: int) -> "Place":
        """Give a place further down in the same text."""
        return Place(self.file, self.line + lines, self.what)


class PolicyRefused(LocalCloudError):
    """A document, policy, attribute or expression is not one that the gateway runs exactly as API Management does."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


class TreeRefused(LocalCloudError):
    """The whole tree is refused; tells every fault that was found, not the first alone."""

    def __init__(self, faults: list[PolicyRefused]) -> None:
        found = {str(fault): fault for fault in faults}  # what all operations inherit is refused once
        self.faults = sorted(found.values(), key=lambda fault: fault.place)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class PolicyFailed(Exception):
    """A policy failed while it ran: processing goes on in `on-error`, with these in `context.LastError`.

    `source` is the policy's name or the gateway's part, `reason` API Management's word, `status` what is answered
    when no `on-error` says anything else.
    """

    def __init__(
        self, source: str, reason: str, message: str, *, status: int = 500, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.source, self.reason, self.message = source, reason, message
        self.status, self.headers = status, headers


class ExpressionFailed(Exception):
    """An expression threw while it ran; the message begins with the name of the .NET exception."""
