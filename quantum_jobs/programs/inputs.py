"""The inputs that a program asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Input:
    """A value that is given with the program; `type` as the program says it, `float[64]` or `REAL`."""

    name: str
    type: str
