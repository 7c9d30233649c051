"""Q# and OpenQASM to QIR text.

Q# by Microsoft's compiler. OpenQASM by the service's own reader and writer: Microsoft's conversion turns controlled
rotations by negative angles into others, and this way what is tested here is what a submit sends.
"""

import gc
from pathlib import Path

import pyqir

from quantum.catalogue import ProfileName, ProgramEntry
from quantum.errors import Failed
from quantum_jobs import QuantumJobsError
from quantum_jobs.programs import Profile, profile, read_program, write_qir

_QSHARP_PROFILES = {"base": "Base", "adaptive": "Adaptive_RI"}


def compiled(folder: Path, program: ProgramEntry, for_profile: ProfileName) -> str:
    """Compile a program to QIR text of a profile and verify the module.

    Raises:
        Failed: the compiler's own words, with file, line and column.
    """
    source = (folder / program.file).read_text()
    write = _from_qsharp if program.language == "qsharp" else _from_openqasm
    text = write(program, source, for_profile)
    gc.collect()  # Microsoft's compiler must be freed by the thread that made it, and is a cycle
    fault = pyqir.Module.from_ir(pyqir.Context(), text).verify()
    if fault is not None:
        raise Failed(f"{program.file}: the QIR module is not valid: {fault}")
    return text


def _from_qsharp(program: ProgramEntry, source: str, for_profile: ProfileName) -> str:
    from qdk import Context, TargetProfile
    from qdk.qsharp import QSharpError

    context = Context(target_profile=getattr(TargetProfile, _QSHARP_PROFILES[for_profile]))
    try:
        context.eval(source)
        return str(context.compile(program.entry))
    except QSharpError as error:
        place = str(error).replace("line_0:", f"{program.file}:")  # the compiler does not know the file
        raise Failed(f"{program.file} for {for_profile}: {place}") from error


def _from_openqasm(program: ProgramEntry, source: str, for_profile: ProfileName) -> str:
    try:
        read = read_program("openqasm3", source)
    except QuantumJobsError as error:
        raise Failed(f"{program.file}: {error}") from error
    if profile(read) is Profile.ADAPTIVE and for_profile == "base":
        raise Failed(
            f"{program.file} for base: it branches, resets or measures within, which takes the adaptive profile"
        )
    return write_qir(read)
