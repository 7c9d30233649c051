"""What is wrong, and where."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A position in a file; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Finding:
    path: Path
    place: Place
    rule: str
    text: str
    remedy: str = ""

    def shown(self) -> str:
        """`file:line:column rule: what is wrong; what would be right`."""
        tail = f"; {self.remedy}" if self.remedy else ""
        return f"{self.path}:{self.place.line}:{self.place.column} {self.rule}: {self.text}{tail}"
