"""Programs: read once into one representation, checked, and written for providers."""

from quantum_jobs.programs.checks import Limits, Profile, Resources, profile, resources
from quantum_jobs.programs.ir import (
    Barrier,
    Bit,
    Gate,
    If,
    Measure,
    Operation,
    Program,
    Register,
    Reset,
)
from quantum_jobs.programs.qir_writer import write_qir
from quantum_jobs.programs.reader import FORMATS, read_program

__all__ = [
    "FORMATS",
    "Barrier",
    "Bit",
    "Gate",
    "If",
    "Limits",
    "Measure",
    "Operation",
    "Profile",
    "Program",
    "Register",
    "Reset",
    "Resources",
    "profile",
    "read_program",
    "resources",
    "write_qir",
]
