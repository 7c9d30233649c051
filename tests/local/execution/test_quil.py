"""Quil programs: gates against their unitaries, memory, control flow, substitutions, refusals."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.execution import quil
from local.execution.errors import ExecutionError, InvalidProgram, UnsupportedProgram
from local.execution.program import Gate, Measure
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees, distribution, matrix_of
from tests.local.execution.test_openqasm_gates import ANGLES, SWAP, H, Matrix, X, Y, Z, on, same, shifted, turn, under

PI = math.pi
MIDDLE = np.kron(X, X) + np.kron(Y, Y)


def xy(angle: float) -> Matrix:
    """e^{i angle/4 (XX + YY)}, through turns that commute."""
    return np.asarray(turn(np.kron(X, X), -angle / 2) @ turn(np.kron(Y, Y), -angle / 2))


def at(state: int, angle: float) -> Matrix:
    return np.diag([np.exp(1j * angle) if index == state else 1 for index in range(4)])


UNITARIES = {
    "I": (0, lambda: np.eye(2)),
    "X": (0, lambda: X),
    "Y": (0, lambda: Y),
    "Z": (0, lambda: Z),
    "H": (0, lambda: H),
    "S": (0, lambda: shifted(PI / 2)),
    "T": (0, lambda: shifted(PI / 4)),
    "PHASE": (1, shifted),
    "RX": (1, lambda angle: turn(X, angle)),
    "RY": (1, lambda angle: turn(Y, angle)),
    "RZ": (1, lambda angle: turn(Z, angle)),
    "CNOT": (0, lambda: under(X)),
    "CZ": (0, lambda: under(Z)),
    "CCNOT": (0, lambda: under(X, 2)),
    "SWAP": (0, lambda: SWAP),
    "CSWAP": (0, lambda: under(SWAP)),
    "CPHASE": (1, lambda angle: at(3, angle)),
    "CPHASE00": (1, lambda angle: at(0, angle)),
    "CPHASE01": (1, lambda angle: at(1, angle)),
    "CPHASE10": (1, lambda angle: at(2, angle)),
    "XY": (1, xy),
    "PISWAP": (1, xy),
    "ISWAP": (0, lambda: xy(PI)),
    "SQISW": (0, lambda: xy(PI / 2)),
    "PSWAP": (1, lambda angle: SWAP @ np.diag([1, np.exp(1j * angle), np.exp(1j * angle), 1])),
    "RXX": (1, lambda angle: turn(np.kron(X, X), angle)),
    "RYY": (1, lambda angle: turn(np.kron(Y, Y), angle)),
    "RZZ": (1, lambda angle: turn(np.kron(Z, Z), angle)),
}


def unitary_of(source: str, width: int) -> Matrix:
    """What a program does; qubit 0 is the highest bit."""
    (program,) = quil.read(source.encode())
    total = np.eye(1 << width, dtype=complex)
    for gate in program.blocks[0].operations:
        assert isinstance(gate, Gate)
        qubits, controls = (tuple(width - 1 - qubit for qubit in role) for role in (gate.qubits, gate.controls))
        total = matrix_of(Gate(gate.name, qubits, gate.angles, controls, gate.entries), width) @ total
    return total


def call(name: str, angles: list[float], qubits: list[int]) -> str:
    given_angles = f"({', '.join(map(repr, angles))})" if angles else ""
    return f"{name}{given_angles} {' '.join(map(str, qubits))}"


@pytest.mark.parametrize("name", UNITARIES)
@settings(max_examples=15)
@given(data=st.data())
def test_a_standard_gate_is_its_unitary_on_any_qubits_and_under_modifiers(name: str, data: st.DataObject) -> None:
    count, make = UNITARIES[name]
    angles = [data.draw(ANGLES) for _ in range(count)]
    matrix = np.asarray(make(*angles), dtype=complex)
    size = int(math.log2(len(matrix)))
    width = size + 2
    qubits = data.draw(st.permutations(range(width)))
    plain, controlled = qubits[:size], qubits[: size + 1]
    assert same(unitary_of(call(name, angles, plain), width), on(matrix, *plain, width=width))
    found = unitary_of("CONTROLLED " + call(name, angles, controlled), width)
    assert same(found, on(under(matrix), *controlled, width=width))
    found = unitary_of("DAGGER CONTROLLED " + call(name, angles, controlled), width)
    assert same(found, on(under(matrix).conj().T, *controlled, width=width))


@given(ANGLES, ANGLES, ANGLES, ANGLES)
def test_forked_takes_the_first_parameters_where_its_qubit_is_0(a: float, b: float, c: float, d: float) -> None:
    found = unitary_of(f"FORKED FORKED RY({a!r}, {b!r}, {c!r}, {d!r}) 2 0 1", 3)
    blocks = np.zeros((8, 8), dtype=complex)
    for index, angle in enumerate((a, b, c, d)):
        blocks[2 * index : 2 * index + 2, 2 * index : 2 * index + 2] = turn(Y, angle)
    assert same(found, on(blocks, 2, 0, 1, width=3))


@given(ANGLES)
def test_definitions_by_matrix_by_pauli_sum_and_by_permutation(angle: float) -> None:
    by_matrix = (
        "DEFGATE G(%t):\n    1, 0, 0, 0\n    0, 1, 0, 0\n"
        "    0, 0, cos(%t/2), -i*sin(%t/2)\n    0, 0, -i*sin(%t/2), cos(%t/2)\n"
    )
    assert same(unitary_of(f"{by_matrix}G({angle!r}) 1 0", 2), on(under(turn(X, angle)), 1, 0, width=2))
    by_sum = "DEFGATE G(%t) a b AS PAULI-SUM:\n    XZ(%t/2) a b\n    Y(0.3) b\n"
    energy = angle / 2 * np.kron(X, Z) + 0.3 * np.kron(np.eye(2), Y)
    values, vectors = np.linalg.eigh(energy)
    wanted = vectors * np.exp(-1j * values) @ vectors.conj().T
    assert same(unitary_of(f"{by_sum}G({angle!r}) 1 0", 2), on(wanted, 1, 0, width=2))
    order = "DEFGATE G AS PERMUTATION:\n    0, 1, 3, 2\n"
    assert same(unitary_of(f"{order}DAGGER G 1 0", 2), on(under(X), 1, 0, width=2))


def outcomes(source: str, substitutions: object = None, shots: int = 2000) -> list[Counter[str]]:
    """Outcomes of each set of values, regions in order of declaration, index 0 first."""
    found = []
    for program in quil.read(source.encode(), substitutions):
        sampled = Simulator(program, seed=5).sample(shots)
        assert "JUMP @" in source or "ADD t" in source or agrees(sampled, distribution(program))
        texts: Counter[str] = Counter()
        for record, count in sampled.items():
            texts["".join(str(entry[1]) if isinstance(entry, tuple) else " " for entry in record).strip()] += count
        found.append(texts)
    return found


DECLARED = "DECLARE ro BIT[3]\nDECLARE n INTEGER\nDECLARE t REAL[2]\nDECLARE o OCTET\n"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("X 0\nMEASURE 0 ro[2]\nMEASURE 1 ro[0]", "001"),
        ("X 0\nMEASURE 0 ro[0]\nJUMP-WHEN @skip ro[0]\nX 1\nLABEL @skip\nMEASURE 1 ro[1]", "100"),
        ("X 0\nMEASURE 0 ro[0]\nJUMP-UNLESS @skip ro[0]\nX 1\nLABEL @skip\nMEASURE 1 ro[1]", "110"),
        ("X 0\nMEASURE 0 ro[0]\nHALT\nMEASURE 1 ro[0]", "100"),
        ("X 0\nRESET 0\nX 1\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]", "010"),
        ("X 0\nX 1\nRESET\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]", "000"),
        ("LABEL @again\nH 0\nMEASURE 0 ro[0]\nJUMP-WHEN @out ro[0]\nJUMP @again\nLABEL @out\nNOP", "100"),
        ("LABEL @a\nADD n 1\nADD t[0] 0.25\nEQ ro[1] n 4\nJUMP-UNLESS @a ro[1]\nRX(t*pi) 0\nMEASURE 0 ro[0]", "110"),
        ("MOVE ro[0] 1\nNOT ro[1]\nXOR ro[2] ro[0]\nAND ro[1] 0", "101"),
        ("MOVE n -7\nDIV n 2\nEQ ro[0] n -3\nLT ro[1] n 0\nGE ro[2] n 0", "110"),
        ("MOVE o 200\nIOR o 55\nEQ ro[0] o 255\nNOT o\nEQ ro[1] o 0", "110"),
        ("MOVE t[0] 1.5\nMOVE t[1] -2.0\nEXCHANGE t[0] t[1]\nEQ ro[0] t[1] 1.5\nLT ro[1] t[0] t[1]\nNEG n", "110"),
        ("MOVE t[0] 2.9\nCONVERT n t[0]\nEQ ro[0] n 2\nCONVERT ro[1] n\nCONVERT t[1] n\nEQ ro[2] t[1] 2.0", "111"),
        ("X 0\nMEASURE 0 ro[0]\nNOT ro[0]\nMEASURE 0", "000"),
        ('PRAGMA PRESERVE_BLOCK\nX 0\nDELAY 0 1.0\nFENCE 0\nPRAGMA END_PRESERVE_BLOCK "x"\nMEASURE 0 ro[1]', "010"),
    ],
)
def test_a_program_reads_out_what_it_computed_and_measured(body: str, wanted: str) -> None:
    assert outcomes(DECLARED + body) == [Counter({wanted: 2000})]


def test_regions_that_are_measured_into_are_read_out_and_ro_always() -> None:
    source = "DECLARE b BIT[2]\nDECLARE unused BIT\nDECLARE ro BIT\nX 1\nMEASURE 1 b[1]"
    (program,) = quil.read(source.encode())
    assert program.registers == ("b", "ro")
    assert outcomes(source) == [Counter({"01 0": 2000})]


def test_a_plain_circuit_is_one_block_sampled_at_its_end() -> None:
    source = "DECLARE ro BIT[20]\n" + "".join(f"H {qubit}\nMEASURE {qubit} ro[{qubit}]\n" for qubit in range(20))
    (program,) = quil.read((source + "HALT").encode())
    assert len(program.blocks) == 1
    assert sum(isinstance(step, Measure) for step in program.blocks[0].operations) == 20


PARAMETRIC = (
    "DECLARE ro BIT[3]\nDECLARE theta REAL[2]\nDECLARE beta REAL[1]\n"
    "RX(theta[0]) 0\nRX(2*theta[1]/2) 1\nRX(beta) 2\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\nMEASURE 2 ro[2]\n"
)


def test_each_set_of_values_is_a_run() -> None:
    values = {"theta": [[0.0, PI], [PI, 0.0]], "beta": [[2 * PI], [-PI]]}
    assert outcomes(PARAMETRIC, values, 50) == [Counter({"010": 50}), Counter({"101": 50})]
    assert outcomes(PARAMETRIC, None, 50) == [Counter({"000": 50})]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "must be an object"),
        ({"theta": 3}, "must be an object"),
        ({"theta": [[0, 0]], "beta": [[1], [2]]}, "equally many sets"),
        ({"theta": []}, "equally many sets"),
        ({"theta": [[0]]}, "give 1 values for 'theta', which has 2"),
        ({"theta": [[0, "1"]]}, r"substitutions.theta\[0\] must be a list of finite numbers"),
        ({"theta": [[0, math.nan]]}, "finite numbers"),
        ({"theta": [[0, True]]}, "finite numbers"),
        ({"gamma": [[0]]}, "does not declare"),
        ({"ro": [[0, 0, 0]]}, "into which qubits are measured"),
    ],
)
def test_substitutions_that_do_not_fit_are_refused(values: object, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        list(quil.read(PARAMETRIC.encode(), values))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("H 0\nFOO(\n", "at line 2, column 4"),
        ("H q", "The qubit q must be a number"),
        ("H 5000", "Qubit 5000 is not there"),
        ("FOO 0", "in `FOO 0`: There is no gate 'FOO'"),
        ("RX 0", "RX takes 1 parameters and 1 qubits"),
        ("CNOT 0 0", "one qubit twice"),
        ("RX(1/0) 0", "cannot be computed"),
        ("RX(1.0i) 0", "is no angle"),
        ("RX(%t) 0", "no parameter %t"),
        ("RX(t) 0", "'t' is not declared"),
        ("DECLARE t REAL\nRX(t[1]) 0", r"t\[1\] is not there"),
        ("MEASURE 0 ro[0]", "'ro' is not declared"),
        ("DECLARE t REAL\nMEASURE 0 t[0]", "which is REAL"),
        ("JUMP @a", "no label @a"),
        ("LABEL @a\nLABEL @a", "there twice"),
        ("DEFGATE A:\n    1, 0\n    0, 2\nA 0", "not unitary"),
        ("DEFGATE A:\n    1, 0\n    0, 1\nA 0 1", "2 wide; 2 qubits given"),
        ("FORKED RX(1.0) 0 1", "two lists of parameters"),
        ("CONTROLLED X 0", "takes 0 parameters and 1 qubits"),
        ("DECLARE ro BIT[99999999999]", "at most 65536 cells"),
        ("DECLARE b BIT\nADD b 1", "arithmetic is on INTEGER and REAL"),
        ("DECLARE n INTEGER\nMOVE n 1.5", "is INTEGER; 1.5 is not"),
        ("RX(" + "(" * 100_000 + "1", "nested more than 200 deep"),
        ("RX(" + "-" * 100_000 + "1) 0", "more than 200 operators"),
        ("RX(" + "1+" * 100_000 + "1) 0", "more than 200 operators"),
        ("(" * 1_000_000, "nested more than 200 deep"),
        ("\x00" * 1_000_000, "does not parse"),
        ("RX(" + "9" * 1_000_000 + ") 0", "."),
    ],
    ids=lambda given: given[:30],
)
def test_a_fault_is_named_where_it_is(source: str, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        list(quil.read(source.encode()))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("DEFCAL X 0:\n    NOP\nX 0", "`DEFCAL X 0:`: This instruction is not built"),
        ('INCLUDE "/etc/passwd"', "This instruction is not built"),
        ("WAIT", "WAIT needs a host"),
        ("DECLARE ro BIT[2]\nDECLARE x BIT SHARING ro\nX 0", "Shared memory"),
        ("DECLARE t REAL\nADD t 1.0\nRX(sin(t)) 0", "Functions of values"),
        ("DECLARE t REAL\nADD t 1.0\nRX(t^2) 0", "Powers of values"),
        ("DECLARE t REAL\nADD t 1.0\nDAGGER RX(t) 0", "cannot be inverted"),
        ("DECLARE t REAL\nADD t 1.0\nXY(t) 0 1", "computed while the program runs"),
        ("DEFGATE A AS PERMUTATION:\n    1, 2, 3, 0\nA 0 1", "permutation that is its own inverse"),
    ],
)
def test_what_is_not_built_is_refused_by_name(source: str, message: str) -> None:
    with pytest.raises(UnsupportedProgram, match=message):
        list(quil.read(source.encode()))


PIECES = ["DECLARE ro BIT[2]", "DECLARE t REAL", "H 0", "X q", "MEASURE 0 ro[0]", "JUMP @a", "LABEL @a", "ADD t 1.0"]
PIECES += [
    "DEFGATE G:",
    "    1, 0",
    "    0, 1",
    "G 0",
    "RX(t",
    ")",
    "CONTROLLED",
    "FORKED RX(1,2) 0 1",
    "JUMP-WHEN @a ro[1]",
]
PIECES += [
    "RESET",
    "HALT",
    "NOT ro[0]",
    "[",
    "%",
    "@",
    "DEFCIRCUIT C a:",
    "    H a",
    "C 1",
    "PRAGMA",
    '"',
    "-",
    "EXCHANGE t t",
]


@given(st.lists(st.sampled_from(PIECES), max_size=20), st.sampled_from(["\n", " "]))
def test_garbled_programs_are_read_or_refused_and_never_break_the_reader(pieces: list[str], between: str) -> None:
    try:
        (program,) = quil.read(between.join(pieces).encode())
    except ExecutionError:
        return
    assert program.blocks
