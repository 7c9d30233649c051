"""Programs: read once into one representation, checked, and written for providers."""

from quantum_jobs.programs.checks import Limits, Profile, Resources, profile, resources
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ionq_writer import measured_qubits, write_ionq
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
from quantum_jobs.programs.openqasm2_writer import write_openqasm2
from quantum_jobs.programs.pictures import circuit_picture
from quantum_jobs.programs.qir_writer import entry_points, write_qir, write_qir_items
from quantum_jobs.programs.quil_writer import write_quil
from quantum_jobs.programs.reader import FORMATS, program_inputs, read_program, read_sweep

__all__ = [
    "FORMATS",
    "Barrier",
    "Bit",
    "Gate",
    "If",
    "Input",
    "Limits",
    "Measure",
    "Operation",
    "Profile",
    "Program",
    "Register",
    "Reset",
    "Resources",
    "circuit_picture",
    "entry_points",
    "measured_qubits",
    "profile",
    "program_inputs",
    "read_program",
    "read_sweep",
    "resources",
    "write_ionq",
    "write_openqasm2",
    "write_qir",
    "write_qir_items",
    "write_quil",
]
