"""Quil programs: memory, control flow, circuits, substitutions, faults and limits."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.execution import quil
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.program import Measure
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees, distribution

PI = math.pi


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
        ("DECLARE m BIT[2] SHARING ro OFFSET 1 BIT\nX 0\nMEASURE 0 m[1]\nNOT m[0]", "011 11"),
        ("DECLARE u REAL SHARING t OFFSET 1 REAL\nMOVE u 3.141592653589793\nRX(t[1]) 0\nMEASURE 0 ro[1]", "010"),
        ("DECLARE v INTEGER[3]\nMOVE v[1] 7\nMOVE n 1\nLOAD n v n\nEQ ro[0] n 7\nLOAD ro[2] ro v[0]", "101"),
        ("MOVE n 2\nX 0\nMEASURE 0 ro[0]\nSTORE ro n ro[0]\nMOVE n 0\nSTORE ro n 0\nSTORE t n 1.5", "001"),
        ("DEFCIRCUIT M q:\n    X q\n    MEASURE q ro[1]\n    RESET q\n    NOT ro[0]\nM 3\nMEASURE 3 ro[2]", "110"),
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
        ("DEFCIRCUIT C a:\n    C a\nC 0", "nested more than 64 deep"),
        ("DEFCIRCUIT C a:\n    H b\nC 0", "The qubit b must be a number"),
        ("DEFCIRCUIT C(%t) a:\n    RX(%t) a\nC 0", "circuit C takes 1 parameters and 1 qubits"),
        ("DEFGATE A AS PERMUTATION:\n    1, 1, 3, 0\nA 0 1", "A is no permutation"),
        ("DECLARE x BIT SHARING ro", "there is no such region before it"),
        ("DECLARE ro BIT[2]\nDECLARE x BIT[2] SHARING ro OFFSET 1 BIT", "2 cells from 1 on are not in 'ro'"),
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


def test_a_cell_outside_of_its_region_ends_the_run() -> None:
    with pytest.raises(InvalidProgram, match="division"):
        outcomes("DECLARE ro BIT[3]\nDECLARE n INTEGER\nMOVE n 3\nLOAD ro[0] ro n", None, 5)


def test_circuits_that_double_each_other_are_refused() -> None:
    doubled = "".join(f"DEFCIRCUIT C{n + 1} a:\n    C{n} a\n    C{n} a\n" for n in range(40))
    with pytest.raises(ProgramTooLarge, match="more than 300000 instructions"):
        list(quil.read(f"DEFCIRCUIT C0 a:\n    X a\n{doubled}C40 0".encode()))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("DEFCAL X 0:\n    NOP\nX 0", "`DEFCAL X 0:`: This instruction is not built"),
        ('INCLUDE "/etc/passwd"', "This instruction is not built"),
        ("WAIT", "WAIT needs a host"),
        ("DECLARE r REAL[2]\nDECLARE x BIT[64] SHARING r\nX 0", "x shares memory of another type"),
        ("CAN(0.1, 0.2, 0.3) 0 1", "defines CAN in three ways"),
        ("DEFCIRCUIT C a:\n    H a\nDAGGER C 0", "circuit C with a modifier"),
        ("DECLARE ro BIT\nDEFCIRCUIT C a:\n    JUMP-WHEN @x ro[0]\n    LABEL @x\nC 0", "inside of the circuit C"),
        ("DEFGATE T2 p AS SEQUENCE:\n    T p\n    T p\nT2 0", "T2 is no matrix, permutation or Pauli sum"),
        ("DECLARE t REAL\nADD t 1.0\nRX(sin(t)) 0", "Functions of values"),
        ("DECLARE t REAL\nADD t 1.0\nRX(t^2) 0", "Powers of values"),
        ("DECLARE t REAL\nADD t 1.0\nDAGGER RX(t) 0", "cannot be inverted"),
        ("DECLARE t REAL\nADD t 1.0\nXY(t) 0 1", "computed while the program runs"),
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
