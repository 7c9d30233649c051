"""QIR bitcode is turned into text by LLVM in a child with little memory and time, then read as text.

LLVM's bitcode reader ends its process on some malformed input (about 1 in 200 randomly damaged files), so it never runs
in ours. The child knows nothing but the bytes it is given.
"""

import base64
import binascii
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.ir import Program
from quantum_jobs.programs.qir_reader import read_qir

_MAGIC = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
_BASE64_MAGIC = ("QkPA3", "3sAXC")
_CHILD = Path(__file__).with_name("disassembler.py")
_SECONDS = 10
_UNREADABLE = "the bitcode is not readable as QIR by LLVM"


def bitcode_of(source: str | bytes) -> bytes | None:
    """Give the bitcode, also from base64; None where the source is text."""
    if isinstance(source, str):
        if not source.startswith(_BASE64_MAGIC):
            return None
        try:
            return base64.b64decode(source, validate=True)
        except binascii.Error as error:
            raise ProgramInvalid("qir", [Fault(f"the base64 text of the bitcode is broken: {error}")]) from error
    return source if source.startswith(_MAGIC) else None


def read_bitcode(bitcode: bytes, limits: Limits) -> Program:
    """Read QIR bitcode.

    Raises:
        ProgramInvalid: with all faults; bitcode has no lines, so faults have no place.
    """
    try:
        return read_qir(disassembled(bitcode), limits)
    except ProgramInvalid as error:
        faults = [replace(fault, line=None, column=None, end_line=None, end_column=None) for fault in error.faults]
        raise ProgramInvalid("qir", faults) from error


def disassembled(bitcode: bytes) -> str:
    """Turn bitcode into LLVM's text.

    Raises:
        ProgramInvalid: LLVM refuses the bitcode, or ends, or takes too long over it.
    """
    environment = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": os.defpath}
    command = [sys.executable, "-s", "-P", str(_CHILD)]
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no shell, the input goes to stdin
            command, input=bitcode, capture_output=True, timeout=_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramInvalid("qir", [Fault(f"{_UNREADABLE}: it takes too long")]) from error
    if done.returncode != 0:
        raise ProgramInvalid("qir", [Fault(_UNREADABLE)])
    return done.stdout.decode(errors="replace")
