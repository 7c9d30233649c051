"""The root of the tree, and a single thing that is wrong with a request."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request or a program.

    Lines and columns count from 1, columns in code points of the submitted text.
    """

    detail: str
    pointer: str = "/program/source"
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def as_member(self) -> dict[str, Any]:
        """Give the fault as an item of a problem's `errors`."""
        names = {"end_line": "endLine", "end_column": "endColumn"}
        return {names.get(name, name): value for name, value in vars(self).items() if value is not None}


class QuantumJobsError(Exception):
    """Root of all errors raised on purpose; `detail` is for people, `members` for programs."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "The service failed"

    def __init__(self, detail: str = "", **members: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.members: dict[str, Any] = members
        self.headers: dict[str, str] = {}


class InternalError(QuantumJobsError):
    """Something of ours is wrong; the request id leads to the log, which says what."""
