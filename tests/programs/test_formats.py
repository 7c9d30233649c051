"""The formats that are read, and what reading them needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quantum_jobs.errors import ProgramFormatUnsupported
from quantum_jobs.programs import FORMATS, Barrier, Program, read_program
from tests.programs import referee
from tests.programs.qpy_samples import samples

BELL = {
    "openqasm2": 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;',
    "openqasm3": 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;',
    "ionq-circuit": '{"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "x", "control": 0, "target": 1}]}',
    "quil": "DECLARE ro BIT[2]\nH 0\nCNOT 0 1\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n",
    "qiskit-qpy": samples()["bell"]["17"],
}
HEAVY = "qdk pyqir numpy scipy quil qiskit qulacs pydantic azure requests"


def read(language: str) -> Program:
    return read_program(language, BELL[language])


@pytest.mark.parametrize("language", BELL)
def test_bell_is_the_same_in_every_format(language: str) -> None:
    steps = [operation for operation in read(language).operations if not isinstance(operation, Barrier)]
    assert steps == list(read("openqasm3").operations)
    assert referee.distance(referee.distribution(read(language)), {"00": 0.5, "11": 0.5}) < 1e-12


def test_there_is_a_bell_for_every_format_that_people_write() -> None:
    assert set(BELL) | {"qir"} == set(FORMATS)


def test_an_unknown_format_is_refused_with_those_that_are_read() -> None:
    with pytest.raises(ProgramFormatUnsupported) as raised:
        read_program("cirq", "")
    assert raised.value.members["accepted"] == list(FORMATS)


LIGHT = ("ionq-circuit", "quil", "qiskit-qpy")


def test_importing_the_package_brings_in_nothing_heavy() -> None:
    """Nor does reading what needs no foreign parser."""
    reading = "; ".join(f"read_program({language!r}, {BELL[language]!r})" for language in LIGHT)
    seen = f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    script = f"import sys; from quantum_jobs.programs import read_program; {reading}; {seen}"
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
