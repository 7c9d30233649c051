"""Read a program in any of the formats that the service takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Protocol

from quantum_jobs.errors import Fault, ProgramFormatUnsupported, ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Program

FORMATS = ("openqasm2", "openqasm3", "qir", "qiskit-qpy", "ionq-circuit", "quil")
_LONG = frozenset({"qir", "qiskit-qpy"})

Binding = Callable[[Mapping[str, float]], Program]
"""Makes a program of the values of its inputs."""


def read_program(
    format: str,  # noqa: A002 - the API's word
    source: str | bytes,
    parameters: Mapping[str, float] | None = None,
    limits: Limits | None = None,
) -> Program:
    """Read a program; `parameters` give its inputs by name: `input` of OpenQASM 3, REAL memory of Quil.

    Raises:
        ProgramInvalid: with every fault and its place.
        ProgramFormatUnsupported: no such format.
    """
    _refuse_any(format, _not_finite(parameters or {}, "/program/parameters"))
    return _binding(format, source, limits or Limits())(parameters or {})


def read_sweep(
    format: str,  # noqa: A002
    source: str | bytes,
    parameter_sets: Sequence[Mapping[str, float]],
    limits: Limits | None = None,
) -> tuple[Program, ...]:
    """Read a program once and bind each set of parameters.

    Raises:
        ProgramInvalid: with the faults of the program, or else of the sets: /parameterSets/3/theta.
        ProgramFormatUnsupported: no such format.
    """
    limits = limits or Limits()
    _check_size(format, source, limits)
    read = _READERS.get(format)
    parsed = read(format, source, limits) if read else None
    names = {item.name for item in parsed.inputs()} if parsed else set()
    faults = [fault for number, given in enumerate(parameter_sets) for fault in _wrong_names(number, given, names)]
    _refuse_any(format, faults[: limits.faults])
    bind = parsed.program if parsed else _binding(format, source, limits)
    return tuple(_bound(bind, number, given) for number, given in enumerate(parameter_sets))


def program_inputs(
    format: str,  # noqa: A002
    source: str | bytes,
    limits: Limits | None = None,
) -> tuple[Input, ...]:
    """Give names and types of a program's inputs, which need no values for this.

    Raises:
        ProgramInvalid: with every fault that shows without values.
        ProgramFormatUnsupported: no such format.
    """
    limits = limits or Limits()
    _check_size(format, source, limits)
    read = _READERS.get(format)
    return read(format, source, limits).inputs() if read else ()


def _binding(format: str, source: str | bytes, limits: Limits) -> Binding:  # noqa: A002
    _check_size(format, source, limits)
    read = _READERS.get(format)
    if read:
        return read(format, source, limits).program
    read_whole = _read_ionq if format == "ionq-circuit" else _read_qir
    return _without_parameters(format, read_whole(source, limits))


class _Parametrized(Protocol):
    """A program as read, before its inputs have values."""

    def inputs(self) -> tuple[Input, ...]: ...
    def program(self, parameters: Mapping[str, float], /) -> Program: ...


# A process imports the reader of a format when it meets the first program in it: all of them are 100 ms.
def _openqasm(format: str, source: str | bytes, limits: Limits) -> _Parametrized:  # noqa: A002
    from quantum_jobs.programs.openqasm import OpenQasm

    return OpenQasm(format, _text(format, source), limits)


def _quil(format: str, source: str | bytes, limits: Limits) -> _Parametrized:  # noqa: A002
    from quantum_jobs.programs.quil import Quil

    return Quil(_text(format, source), limits)


def _qpy(_format: str, source: str | bytes, limits: Limits) -> _Parametrized:
    from quantum_jobs.programs.qpy import Qpy

    return Qpy(source, limits)


_READERS: Mapping[str, Callable[[str, str | bytes, Limits], _Parametrized]] = {
    "openqasm2": _openqasm,
    "openqasm3": _openqasm,
    "quil": _quil,
    "qiskit-qpy": _qpy,
}


def _read_ionq(source: str | bytes, limits: Limits) -> Program:
    from quantum_jobs.programs.ionq_reader import read_ionq

    return read_ionq(_text("ionq-circuit", source), limits)


def _without_parameters(format: str, program: Program) -> Binding:  # noqa: A002
    def bind(parameters: Mapping[str, float]) -> Program:
        _refuse_any(format, [Fault(f"{format} takes no parameters", _pointer(name)) for name in parameters])
        return program

    return bind


def _check_size(format: str, source: str | bytes, limits: Limits) -> None:  # noqa: A002
    if format not in FORMATS:
        raise ProgramFormatUnsupported(f"{format!r} is not one of {', '.join(FORMATS)}.", accepted=list(FORMATS))
    size = len(source.encode() if isinstance(source, str) else source)
    most = limits.qir_bytes if format in _LONG else limits.source_bytes
    if size > most:
        raise ProgramInvalid(format, [Fault(f"the program has {size:,} bytes; at most {most:,} are taken")])


def _read_qir(source: str | bytes, limits: Limits) -> Program:
    from quantum_jobs.programs.qir_bitcode import bitcode_of, read_bitcode
    from quantum_jobs.programs.qir_reader import read_qir

    bitcode = bitcode_of(source)
    if bitcode is not None:
        return read_bitcode(bitcode, limits)
    return read_qir(_text("qir", source), limits)


def _text(format: str, source: str | bytes) -> str:  # noqa: A002
    try:
        return source.decode() if isinstance(source, bytes) else source
    except UnicodeDecodeError as error:
        raise ProgramInvalid(format, [Fault(f"the text is not UTF-8: byte {error.start} is wrong")]) from error


def _refuse_any(format: str, faults: Sequence[Fault]) -> None:  # noqa: A002
    if faults:
        raise ProgramInvalid(format, faults)


def _not_finite(parameters: Mapping[str, float], pointer: str) -> list[Fault]:
    return [
        Fault("a finite number is needed", _pointer(name, pointer))
        for name, value in parameters.items()
        if not isfinite(value)
    ]


def _wrong_names(number: int, given: Mapping[str, float], names: set[str]) -> list[Fault]:
    pointer = f"/parameterSets/{number}"
    missing = [
        Fault(f"the input {name!r} has no value", _pointer(name, pointer)) for name in sorted(names - given.keys())
    ]
    unknown = [
        Fault(f"the program has no input {name!r}", _pointer(name, pointer)) for name in given if name not in names
    ]
    return [*missing, *unknown, *_not_finite(given, pointer)]


def _bound(bind: Binding, number: int, given: Mapping[str, float]) -> Program:
    """Bind a set; a fault of the text that other sets did not show is one of this set."""
    try:
        return bind(given)
    except ProgramInvalid as error:
        if number == 0:
            raise
        faults = [replace(fault, pointer=f"/parameterSets/{number}") for fault in error.faults]
        raise ProgramInvalid(error.members["format"], faults) from error


def _pointer(name: str, parent: str = "/program/parameters") -> str:
    return f"{parent}/{name.replace('~', '~0').replace('/', '~1')}"
