"""Read a program in any of the formats that the service takes."""

from collections.abc import Mapping

from quantum_jobs.errors import Fault, ProgramFormatUnsupported, ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.ir import Program
from quantum_jobs.programs.openqasm import read_openqasm
from quantum_jobs.programs.qir_bitcode import bitcode_of, read_bitcode
from quantum_jobs.programs.qir_reader import read_qir

FORMATS = ("openqasm3", "openqasm2", "qir")


def read_program(
    format: str,  # noqa: A002 - the API's word
    source: str | bytes,
    parameters: Mapping[str, float] | None = None,
    limits: Limits | None = None,
) -> Program:
    """Read a program; `parameters` bind the inputs of OpenQASM 3 by name.

    Raises:
        ProgramInvalid: with every fault and its place.
        ProgramFormatUnsupported: no such format.
    """
    limits = limits or Limits()
    if format not in FORMATS:
        raise ProgramFormatUnsupported(f"{format!r} is not one of {', '.join(FORMATS)}.", accepted=list(FORMATS))
    size = len(source.encode() if isinstance(source, str) else source)
    most = limits.qir_bytes if format == "qir" else limits.source_bytes
    if size > most:
        detail = f"the program has {size:,} bytes; at most {most:,} are taken"
        raise ProgramInvalid(format, [Fault(detail)])
    if format == "qir":
        return _read_qir(source, parameters or {}, limits)
    return read_openqasm(format, _text(format, source), parameters or {}, limits)


def _read_qir(source: str | bytes, parameters: Mapping[str, float], limits: Limits) -> Program:
    if parameters:
        faults = [Fault("QIR programs take no parameters", f"/program/parameters/{name}") for name in parameters]
        raise ProgramInvalid("qir", faults)
    bitcode = bitcode_of(source)
    if bitcode is not None:
        return read_bitcode(bitcode, limits)
    return read_qir(_text("qir", source), limits)


def _text(format: str, source: str | bytes) -> str:  # noqa: A002
    try:
        return source.decode() if isinstance(source, bytes) else source
    except UnicodeDecodeError as error:
        raise ProgramInvalid(format, [Fault(f"the text is not UTF-8: byte {error.start} is wrong")]) from error
