"""The programs and what is promised of each: `budgets.json`, read and checked."""

import math
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quantum.errors import CatalogueInvalid

FOLDER = Path(__file__).resolve().parent
ProfileName = Literal["base", "adaptive"]
Probability = Annotated[float, Field(ge=0, le=1)]
_ROUNDING = 1e-9


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumptions(_Closed):
    """The machine that estimates are made for: a gate-based one with the surface code and round-based T factories."""

    error_rate: Annotated[float, Field(gt=0, lt=1)]
    gate_ns: Annotated[int, Field(gt=0)]
    measurement_ns: Annotated[int, Field(gt=0)]
    max_error: Annotated[float, Field(gt=0, lt=1)]


class Budget(_Closed):
    """The most that a program may take: physical qubits, T states and nanoseconds of one shot, all at once."""

    qubits: Annotated[int, Field(gt=0)]
    t_states: Annotated[int, Field(ge=0)]
    runtime_ns: Annotated[int, Field(gt=0)]


class Success(_Closed):
    """One of these outcomes comes with at least this probability."""

    outcomes: Annotated[list[str], Field(min_length=1)]
    at_least: Probability


class ProgramEntry(_Closed):
    """A program. Outcomes are read like a number: the last bit that the program reports comes first."""

    file: str
    entry: str | None = None
    profiles: Annotated[list[ProfileName], Field(min_length=1)]
    target: str
    budget: Budget
    success: Success
    distribution: Annotated[dict[str, Probability], Field(min_length=1)]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.entry is None) == self.file.endswith(".qs"):
            raise ValueError("a Q# program has an `entry`, an OpenQASM program has none")
        if len({len(outcome) for outcome in [*self.distribution, *self.success.outcomes]}) != 1:
            raise ValueError("outcomes must have the same number of bits")
        total = math.fsum(self.distribution.values())
        if abs(total - 1) > _ROUNDING:
            raise ValueError(f"the probabilities of `distribution` add up to {total:.10f}, not to 1")
        promised = math.fsum(self.distribution.get(outcome, 0) for outcome in self.success.outcomes)
        if promised < self.success.at_least - _ROUNDING:
            raise ValueError(f"`success` promises {self.success.at_least}, `distribution` gives {promised:.6f}")
        return self

    @property
    def language(self) -> Literal["qsharp", "openqasm3"]:
        return "qsharp" if self.file.endswith(".qs") else "openqasm3"


class Catalogue(_Closed):
    """All programs. `false_alarm`: how often a whole run fails although every program is right."""

    shots: Annotated[int, Field(ge=100, le=10_000)]
    false_alarm: Annotated[float, Field(gt=0, lt=0.01)]
    assumptions: Assumptions
    programs: Annotated[dict[str, ProgramEntry], Field(min_length=1)]

    def chosen(self, names: list[str]) -> dict[str, ProgramEntry]:
        """Give the programs of these names, or all.

        Raises:
            CatalogueInvalid: there is none of a name; says which there are.
        """
        unknown = sorted(set(names) - self.programs.keys())
        if unknown:
            raise CatalogueInvalid(f"there is no program {unknown[0]!r}. There are: {', '.join(self.programs)}.")
        return {name: self.programs[name] for name in names} if names else dict(self.programs)


def read_catalogue(file: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises:
        CatalogueInvalid: names the member and what is wrong, or the program file that is not there.
    """
    try:
        catalogue = Catalogue.model_validate_json(file.read_bytes())
    except OSError as error:
        raise CatalogueInvalid(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
        raise CatalogueInvalid("\n".join([f"{file} is not as it must be:", *faults])) from error
    for name, program in catalogue.programs.items():
        if not (file.parent / program.file).is_file():
            raise CatalogueInvalid(f"{file}: the file of {name} is not there: {program.file}")
    return catalogue
