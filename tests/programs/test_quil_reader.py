"""Quil keeps its unitaries and distributions; faults are told with line and column, all of them."""

from cmath import exp
from collections.abc import Callable
from math import pi

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs import Gate, If, Profile, Program, Register, Reset, profile, read_program
from tests.programs import engine, referee
from tests.programs.circuits import angles

SHORT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=4_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUBITS = 4
Matrix = referee.Matrix
Call = tuple[str, Matrix, list[int]]


def phase_of(state: int) -> Callable[[float], Matrix]:
    return lambda angle: np.diag([exp(1j * angle) if place == state else 1 for place in range(4)])


def xy(angle: float) -> Matrix:
    c, s = np.cos(angle / 2), 1j * np.sin(angle / 2)
    return np.array([[1, 0, 0, 0], [0, c, s, 0], [0, s, c, 0], [0, 0, 0, 1]])


def pswap(angle: float) -> Matrix:
    return referee.SWAP @ np.diag([1, exp(1j * angle), exp(1j * angle), 1])


FIXED = {name.upper(): referee.FIXED[name] for name in ("x", "y", "z", "h", "s", "t", "cz", "swap", "iswap", "cswap")}
FIXED |= {"I": referee.I2, "CNOT": referee.FIXED["cx"], "CCNOT": referee.FIXED["ccx"], "SQISW": xy(pi / 2)}
TURNS = {name.upper(): referee.ANGLED[name] for name in ("rx", "ry", "rz", "rxx", "ryy", "rzz")}
TURNS |= {"PHASE": referee.phase, "CPHASE": phase_of(3), "CPHASE00": phase_of(0), "CPHASE01": phase_of(1)}
TURNS |= {"CPHASE10": phase_of(2), "XY": xy, "PISWAP": xy, "PSWAP": pswap}


@st.composite
def calls(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from([*FIXED, *TURNS]))
    given_angles = [draw(angles)] if name in TURNS else []
    matrix = TURNS[name](*given_angles) if name in TURNS else FIXED[name]
    count, words = len(matrix).bit_length() - 1, list[str]()
    for _ in range(draw(st.integers(0, 2))):
        kinds = ["DAGGER", *(["CONTROLLED"] if count < QUBITS else [])]
        kind = draw(st.sampled_from([*kinds, "FORKED"] if "CONTROLLED" in kinds and name in TURNS else kinds))
        words.insert(0, kind)
        count += kind != "DAGGER"
        if kind == "FORKED" and len(words) == 1:
            other = draw(angles)
            given_angles = [*given_angles, other]
            empty = np.zeros_like(matrix)
            matrix = np.block([[matrix, empty], [empty, TURNS[name](other)]])
        elif kind == "FORKED":
            words[0] = "CONTROLLED"
            matrix = referee.controlled(matrix)
        else:
            matrix = matrix.conj().T if kind == "DAGGER" else referee.controlled(matrix)
    places = draw(st.permutations(range(QUBITS)))[:count]
    listed = f"({', '.join(map(repr, given_angles))})" if given_angles else ""
    return " ".join([*words, f"{name}{listed}", *map(str, places)]), matrix, list(places)


def check(circuit: list[Call]) -> None:
    measured = "\n".join(f"MEASURE {qubit} ro[{qubit}]" for qubit in range(QUBITS))
    text = "\n".join([f"DECLARE ro BIT[{QUBITS}]", *(line for line, _, _ in circuit), measured])
    program = read_program("quil", text)
    expected = referee.unitary([(matrix, places) for _, matrix, places in circuit], QUBITS)
    found = referee.unitary(referee.flat_steps(program.operations), QUBITS)
    assert referee.same_up_to_phase(found, expected), text
    assert referee.distance(referee.distribution(program), engine.distribution("quil", text)) < 1e-9


@SHORT
@given(st.lists(calls(), min_size=1, max_size=5))
def test_a_circuit_keeps_its_unitary_and_its_distribution(circuit: list[Call]) -> None:
    check(circuit)


@pytest.mark.long
@LONG
@given(st.lists(calls(), min_size=1, max_size=5))
def test_thousands_of_circuits_keep_their_unitary(circuit: list[Call]) -> None:
    check(circuit)


def read(body: str, **parameters: float) -> Program:
    return read_program("quil", f"DECLARE ro BIT[3]\n{body}\nMEASURE 0 ro[0]\n", parameters)


def gates(body: str) -> list[tuple[object, ...]]:
    return [(item.name, *item.angles, *item.qubits) for item in read(body).operations if isinstance(item, Gate)]


def test_every_bit_region_is_a_register_in_order_of_declaration() -> None:
    program = read_program("quil", "DECLARE b BIT[2]; DECLARE a BIT # last\nX 4; MEASURE 4 a; MEASURE 4 b[1]")
    assert program.registers == (Register("b", 2), Register("a", 1))
    assert program.qubits == 5
    assert referee.distribution(program) == {"011": 1.0}


VALUES = {
    "pi": pi,
    "-pi/2": -pi / 2,
    "2*pi - 1": 2 * pi - 1,
    "2 - 1 - 1.5": -0.5,
    "8/2/2": 2.0,
    "(1+2)*-3": -9.0,
    "2^-1": 0.5,
    "(-2)^2": 4.0,
    "cos(0.5)": np.cos(0.5),
    "SIN(1)*exp(0)": np.sin(1),
    "sqrt(2)": 2**0.5,
    ".5": 0.5,
    "1.e-3": 1e-3,
    "0.1": 0.1,
    "1e-300": 1e-300,
    "1234567.891": 1234567.891,
}


@pytest.mark.parametrize("expression", VALUES)
def test_an_expression_has_its_value_to_the_last_bit(expression: str) -> None:
    assert gates(f"RX({expression}) 0") == [("rx", VALUES[expression], 0)]


def test_real_memory_takes_the_parameters() -> None:
    body = "DECLARE theta REAL[2]\nDECLARE phi REAL\nRX(2*theta[1]) 0; RZ(phi) 0; RY(-theta) 0"
    program = read(body, **{"theta[0]": 0.25, "theta[1]": -1.5, "phi": 3.0})
    turns = [item.angles for item in program.operations if isinstance(item, Gate)]
    assert turns == [(-3.0,), (3.0,), (-0.25,)]
    assert dict(program.parameters) == {"theta[0]": 0.25, "theta[1]": -1.5, "phi": 3.0}


CONTROL_FLOW = {
    "if": "MEASURE 0 ro[1]; JUMP-UNLESS @end ro[1]; X 1; LABEL @end",
    "if-else": "MEASURE 0 ro[1]; JUMP-WHEN @one ro[1]; H 1; JUMP @end; LABEL @one; X 1; LABEL @end; T 1",
    "nested": "MEASURE 0 ro[1]; JUMP-UNLESS @a ro[1]; MEASURE 2 ro[2]; JUMP-WHEN @b ro[2]; X 1; LABEL @b; H 1; "
    "LABEL @a",
    "halt-in-a-branch": "MEASURE 0 ro[1]; JUMP-WHEN @go ro[1]; HALT; LABEL @go; X 1; MEASURE 1 ro[2]",
    "both-ways-the-same": "MEASURE 0 ro[1]; JUMP-WHEN @a ro[1]; LABEL @a; X 1",
    "jump-over": "JUMP @a; X 0; LABEL @a; H 0",
    "never-measured": "JUMP-WHEN @a ro[2]; X 1; LABEL @a; H 1",
    "reset": "X 1; MEASURE 0 ro[1]; JUMP-WHEN @a ro[1]; RESET 1; LABEL @a; RESET; H 0",
}


@pytest.mark.parametrize("name", CONTROL_FLOW)
def test_forward_jumps_on_measured_bits_are_branches(name: str) -> None:
    text = f"DECLARE ro BIT[3]\nRY(1.1) 0; RX(0.7) 2\n{CONTROL_FLOW[name]}\nMEASURE 1 ro[0]\n"
    program = read_program("quil", text)
    assert referee.distance(referee.distribution(program), engine.distribution("quil", text)) < 1e-9


def test_a_jump_becomes_one_branch() -> None:
    program = read("MEASURE 1 ro[1]; JUMP-UNLESS @end ro[1]; X 0; LABEL @end")
    assert [len(item.then) + len(item.otherwise) for item in program.operations if isinstance(item, If)] == [1]
    assert profile(program) is Profile.ADAPTIVE


def test_a_reset_before_the_first_use_is_no_operation() -> None:
    assert profile(read("RESET\nH 0")) is Profile.BASE
    assert Reset(0) in read("H 0\nRESET").operations


def test_hints_for_a_compiler_change_nothing() -> None:
    assert gates('PRAGMA INITIAL_REWIRING "NAIVE"\nPRAGMA PRESERVE_BLOCK\nNOP\nX 0\nPRAGMA END_PRESERVE_BLOCK') == [
        ("x", 0)
    ]


def faults_of(text: str, **parameters: float) -> list[Fault]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("quil", text, parameters)
    return list(raised.value.faults)


FAULTY = {
    "FOO 0": (2, 1, "no gate FOO"),
    "X 0 0": (2, 1, "acts on 1 qubit"),
    "CNOT 1 1": (2, 1, "twice"),
    "RX 0": (2, 1, "takes 1 angles"),
    "RX(1, 2) 0": (2, 1, "takes 1 angles"),
    "RX(nope) 0": (2, 4, "'nope' is not declared"),
    "RX(ro[0]) 0": (2, 4, "holds measured bits"),
    "RX(%a) 0": (2, 4, "not a real number"),
    "RX(1 + 2i) 0": (2, 8, "imaginary"),
    "RX(-2^2) 0": (2, 6, "tools disagree"),
    "RX(2^3^2) 0": (2, 7, "tools disagree"),
    "RX(1/0) 0": (2, 4, "cannot be computed"),
    "RX(1e999) 0": (2, 4, "not finite"),
    "RX(1 0": (2, 6, "')' is missing"),
    "X q": (2, 3, "whole number"),
    "X 5000": (2, 3, "more than 1,023"),
    "é 0": (2, 1, "no gate é"),
    'X 0 ; "é" ; Y 9 9': (2, 7, "an instruction is missing"),
    "MEASURE 0": (2, 1, "not kept"),
    "MEASURE 0 ro[7]": (2, 11, "has 3 bits"),
    "MEASURE 0 no": (2, 11, "not declared as BIT"),
    "DECLARE ro BIT": (2, 9, "declared twice"),
    "DECLARE n INTEGER": (2, 11, "INTEGER memory"),
    "DECLARE t REAL": (2, 9, "has no value"),
    "DECLARE b BIT[100000]": (2, 15, "more than 4,096"),
    "DEFGATE A:\n    1, 0\n    0, 1": (2, 1, "DEFGATE is not supported"),
    "DEFCIRCUIT B q:\n    X q": (2, 1, "DEFCIRCUIT is not supported"),
    "AND ro[0] 1": (2, 1, "nothing is computed"),
    "PULSE 0": (2, 1, "not pulses"),
    "DELAY 0 1": (2, 1, "their own timing"),
    "WAIT": (2, 1, "WAIT is not supported"),
    'INCLUDE "/etc/passwd"': (2, 1, "there is no other file"),
    "PRAGMA ADD-KRAUS X 0": (2, 8, "could change the meaning"),
    "JUMP @nowhere": (2, 6, "there is no label @nowhere"),
    "LABEL @a; LABEL @a": (2, 17, "there twice"),
    "LABEL @a; X 0; JUMP @a": (2, 16, "loops are not supported"),
    "MEASURE 0 ro; LABEL @a; JUMP-WHEN @a ro": (2, 25, "loops are not supported"),
    "FORKED X 0 1": (2, 1, "takes 0 angles"),
}


@pytest.mark.parametrize("body", FAULTY)
def test_a_fault_is_told_with_line_and_column(body: str) -> None:
    line, column, detail = FAULTY[body]
    fault = faults_of(f"DECLARE ro BIT[3]\n{body}\nMEASURE 0 ro[0]\n")[0]
    assert (fault.line, fault.column) == (line, column)
    assert detail in fault.detail


def test_all_faults_are_told_each_once() -> None:
    text = "DECLARE t OCTET\nRX(t) 0\nFOO 1\n\n  CNOT 2 2\nDEFGATE A:\n    1, 0\n\n    0, 1\nMEASURE 0 c\n"
    assert [(fault.line, fault.column) for fault in faults_of(text)] == [(1, 11), (3, 1), (5, 3), (6, 1), (10, 11)]


def test_a_program_that_measures_nothing_is_refused() -> None:
    assert "measures nothing" in faults_of("X 0")[0].detail


def test_a_parameter_that_is_not_asked_for_is_refused() -> None:
    assert faults_of("DECLARE ro BIT; MEASURE 0 ro", x=1.0)[0].pointer == "/program/parameters/x"
