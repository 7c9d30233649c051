"""Programs with measurements, resets and branches keep their exact distribution on every way through the IR."""

from collections import Counter
from collections.abc import Callable
from math import pi

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.programs import (
    Bit,
    Gate,
    If,
    Measure,
    Operation,
    Profile,
    Program,
    Register,
    Reset,
    profile,
    read_program,
    write_qir,
)
from tests.programs import referee
from tests.programs.test_faults import HEAD

QUBITS, SIZES = 3, (2, 1)
BITS = [Bit(register, index) for register, size in enumerate(SIZES) for index in range(size)]
qubit = st.integers(0, QUBITS - 1)
gates = st.one_of(
    st.builds(lambda name, a, q: Gate(name, (q,), (a,)), st.sampled_from(["rx", "ry", "rz"]), st.floats(-7, 7), qubit),
    st.builds(lambda name, q: Gate(name, (q,)), st.sampled_from(["h", "x", "sx", "t"]), qubit),
    st.builds(lambda name, qs: Gate(name, tuple(qs[:2])), st.sampled_from(["cx", "csx"]), st.permutations(range(3))),
)
simple: st.SearchStrategy[Operation] = st.one_of(
    gates, st.builds(Measure, qubit, st.sampled_from(BITS)), st.builds(Reset, qubit)
)


def branches(inner: st.SearchStrategy[Operation]) -> st.SearchStrategy[Operation]:
    arm = st.lists(inner, max_size=3).map(tuple)
    conditions = st.lists(st.sampled_from(BITS), min_size=1, max_size=3, unique=True).flatmap(
        lambda bits: st.tuples(st.just(tuple(bits)), st.integers(0, 2 ** len(bits) - 1))
    )
    return st.builds(lambda condition, yes, no: If(*condition, yes, no), conditions, arm, arm)


operations = st.lists(st.recursive(simple, branches, max_leaves=5), min_size=2, max_size=8)
EVERY_BIT = tuple(Measure(place % QUBITS, bit) for place, bit in enumerate(BITS))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Every bit is measured first, so that no branch reads a result that was never written."""
    registers = tuple(Register(f"r{place}", size) for place, size in enumerate(SIZES))
    body = draw(operations)
    return Program(QUBITS, registers, (Gate("h", (0,)), Gate("ry", (1,), (0.8,)), *EVERY_BIT, *body))


def check_program(program: Program) -> None:
    written = write_qir(program)
    read_back = read_program("qir", written)
    assert referee.distance(referee.distribution(program), referee.distribution(read_back)) < 1e-9
    assert write_qir(read_program("qir", write_qir(read_back))) == write_qir(read_back)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_qir_keeps_the_distribution_of_a_program_with_branches(program: Program) -> None:
    check_program(program)


@pytest.mark.long
@settings(max_examples=3_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_qir_keeps_the_distribution_of_thousands_of_programs_with_branches(program: Program) -> None:
    check_program(program)


CONDITIONS: dict[str, Callable[[int, int], bool]] = {
    "c == 2": lambda a, b: (a, b) == (0, 1),
    "c != 2": lambda a, b: (a, b) != (0, 1),
    'c == "10"': lambda a, b: (a, b) == (0, 1),
    "2 == c": lambda a, b: (a, b) == (0, 1),
    "int[32](c) == 3": lambda a, b: a + b == 2,
    "c": lambda a, b: bool(a or b),
    "c[0]": lambda a, b: bool(a),
    "!c[0]": lambda a, b: not a,
    "!(c == 1)": lambda a, b: (a, b) != (1, 0),
    "c[0] == true": lambda a, b: bool(a),
    "c[0] == 0 && c[1] == 1": lambda a, b: not a and bool(b),
    "c[0] || c[1]": lambda a, b: bool(a or b),
    "c[0] ^ c[1]": lambda a, b: a != b,
    "c[0] != c[1]": lambda a, b: a != b,
    "c[0] == c[1]": lambda a, b: a == b,
    "(c[0] && !c[1]) || (!c[0] && c[1])": lambda a, b: a != b,
    "c == 7": lambda a, b: False,
    "c[0] && true": lambda a, b: bool(a),
    "c[{1, 0}] == 1": lambda a, b: (a, b) == (0, 1),
    "c[0:1] == 1 && 1 < 2": lambda a, b: (a, b) == (1, 0),
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("outcome", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_condition_means_what_it_says(condition: str, outcome: tuple[int, int]) -> None:
    flips = "".join(f"x q[{place}];" for place, bit in enumerate(outcome) if bit)
    source = f"{HEAD}qubit r; bit d; {flips} c = measure q; if ({condition}) {{ x r; }} else {{ z r; }} d = measure r;"
    expected = {f"{outcome[0]}{outcome[1]}{int(CONDITIONS[condition](*outcome))}": 1.0}
    program = read_program("openqasm3", source)
    assert referee.distance(referee.distribution(program), expected) < 1e-9
    assert referee.distance(referee.distribution(read_program("qir", write_qir(program))), expected) < 1e-9


TELEPORT = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[2] m;
bit out;
ry(1.1) q[0];
h q[1];
cx q[1], q[2];
cx q[0], q[1];
h q[0];
m[0] = measure q[0];
m[1] = measure q[1];
if (m[1]) { x q[2]; }
if (m[0]) { z q[2]; }
ry(-1.1) q[2];
out = measure q[2];
"""


def test_teleportation_brings_the_state_across() -> None:
    program = read_program("openqasm3", TELEPORT)
    assert profile(program) == Profile.ADAPTIVE
    assert sum(value for key, value in referee.distribution(program).items() if key[2] == "1") < 1e-12


def test_teleportation_runs_on_the_qdk_simulator() -> None:
    assert all(key[2] == "0" for key in sampled(TELEPORT, shots=300))


SPARSE_TRAPS = {
    "ry-rx(pi)-ry": "ry(1.0) q[0]; rx(pi) q[0]; ry(-1.0) q[0];",
    "cry(-1.2)": "h q[0]; cry(-1.2) q[0], q[1]; h q[0];",
    "crz(-0.3)": "h q[0]; crz(-0.3) q[0], q[1]; h q[0];",
    "crx(-pi)": "h q[0]; crx(-pi) q[0], q[1]; h q[0];",
    "cu": "h q[0]; cu(-0.3, 0.4, -5.0, 7.0) q[0], q[1]; h q[0];",
    "csx-order": "x q[0]; csx q[0], q[1]; csx q[0], q[1];",
    "halving-gate": "gate g(t) a,b { rz(t/2) b; cx a,b; rz(-t/2) b; cx a,b; } h q[0]; g(-0.3) q[0], q[1]; h q[0];",
    "ctrl-rz": "h q[0]; h q[1]; ctrl @ rz(-2.0) q[0], q[1]; h q[0]; h q[1];",
}


@pytest.mark.parametrize("name", SPARSE_TRAPS)
def test_the_qdk_simulator_agrees_with_the_referee_where_conversions_go_wrong(name: str) -> None:
    source = HEAD + SPARSE_TRAPS[name] + "c = measure q;"
    exact = referee.distribution(read_program("openqasm3", source))
    counts = sampled(source, shots=2_000)
    assert referee.distance({key: count / 2_000 for key, count in counts.items()}, exact) < 0.05


def sampled(source: str, shots: int) -> Counter[str]:
    from qdk.simulation import run_qir

    results = run_qir(write_qir(read_program("openqasm3", source)), shots=shots, type="cpu", seed=7)
    return Counter(
        str(result).replace("Zero", "0").replace("One", "1").translate(str.maketrans("", "", "[](), "))
        for result in results
    )


def test_controlled_rotations_with_a_negative_angle_are_exact() -> None:
    """A conversion that reduces angles modulo 2 pi before halving them is off by 0.83 here."""
    program = read_program("openqasm3", HEAD + SPARSE_TRAPS["cry(-1.2)"] + "c = measure q;")
    state = referee.unitary([(referee.H, [0]), (referee.named("cry", (-1.2,)), [0, 1]), (referee.H, [0])], 2)[:, 0]
    expected = {f"{index:02b}": abs(value) ** 2 for index, value in enumerate(state)}
    assert referee.distance(referee.distribution(program), expected) < 1e-12


def test_csx_has_its_control_first() -> None:
    program = read_program("openqasm3", HEAD + SPARSE_TRAPS["csx-order"] + "c = measure q;")
    assert referee.distance(referee.distribution(program), {"11": 1.0}) < 1e-12


def test_a_user_gate_may_divide_its_parameter() -> None:
    program = read_program("openqasm3", HEAD + SPARSE_TRAPS["halving-gate"] + "c = measure q;")
    turns = [item.angles[0] for item in program.operations if isinstance(item, Gate) and item.name == "rz"]
    assert turns == [-0.15, 0.15]


def test_a_rotation_by_pi_stays_the_rotation_that_was_written() -> None:
    program = read_program("openqasm3", HEAD + SPARSE_TRAPS["ry-rx(pi)-ry"] + "c = measure q;")
    assert program.operations[1] == Gate("rx", (0,), (pi,))
    assert abs(referee.distribution(program)["00"] - 0.7080734182735712) < 1e-9


def test_a_bit_that_was_never_measured_counts_as_0_in_a_condition() -> None:
    source = HEAD + "if (c == 0) { x q[0]; } if (c[1]) { x q[1]; } c = measure q;"
    program = read_program("openqasm3", source)
    assert profile(program) == Profile.BASE
    assert referee.distribution(program) == {"10": 1.0}
