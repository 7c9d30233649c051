"""Where something stands in a source text."""

from dataclasses import dataclass

from quantum_jobs.errors import Fault


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instruction stands; from 1, columns in code points."""

    line: int
    column: int
    end_column: int

    def fault(self, detail: str) -> Fault:
        """Make a fault of this place."""
        return Fault(detail, line=self.line, column=self.column, end_line=self.line, end_column=self.end_column)
