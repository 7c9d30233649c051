"""What is written for a provider says the program exactly: read back by our reader, and run by another's."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.errors import ProgramFormatUnsupported
from quantum_jobs.programs import (
    Barrier,
    Bit,
    Gate,
    If,
    Measure,
    Operation,
    Program,
    Register,
    Reset,
    measured_qubits,
    read_program,
    write_ionq,
    write_openqasm2,
    write_quil,
)
from quantum_jobs.programs.gates import VOCABULARY, flatten
from quantum_jobs.programs.ir import HIDDEN
from tests.programs import circuits, engine, referee

SHORT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUBITS, SIZES = 3, (2, 1)
SHOWN = [Bit(register, index) for register, size in enumerate(SIZES) for index in range(size)]
HIDDEN_BITS = [Bit(HIDDEN, 0), Bit(HIDDEN, 1)]
qubit = st.integers(0, QUBITS - 1)


@st.composite
def any_gate(draw: st.DrawFn) -> Gate:
    """Every gate of the vocabulary that fits, with any angles."""
    names = [name for name, kind in VOCABULARY.items() if 0 < kind.arity <= QUBITS and name != "rc3x"]
    name = draw(st.sampled_from(names))
    places = draw(st.permutations(range(QUBITS)))[: VOCABULARY[name].arity]
    return Gate(name, tuple(places), tuple(draw(circuits.angles) for _ in range(VOCABULARY[name].angles)))


def simple(bits: Sequence[Bit]) -> st.SearchStrategy[Operation]:
    measures = [st.builds(Measure, qubit, st.sampled_from(bits))] if bits else []
    barriers = st.just(Barrier((0, 2)))
    return st.one_of(any_gate(), any_gate(), st.builds(Reset, qubit), barriers, *measures)


def branches(bits: Sequence[Bit], inner: st.SearchStrategy[Operation]) -> st.SearchStrategy[Operation]:
    arm = st.lists(inner, max_size=2).map(tuple)
    tested = st.lists(st.sampled_from(bits), min_size=1, max_size=len(bits), unique=True).map(tuple)
    return tested.flatmap(lambda bits: st.builds(If, st.just(bits), st.integers(0, 2 ** len(bits) - 1), arm, arm))


START = (
    *(Gate("ry", (place,), (0.8 + place,)) for place in range(QUBITS)),
    *(Measure(place % QUBITS, bit) for place, bit in enumerate([*SHOWN, *HIDDEN_BITS])),
    Gate("h", (0,)),
)


def program_of(operations: Sequence[Operation]) -> Program:
    registers = tuple(Register(f"r{place}", size) for place, size in enumerate(SIZES))
    return Program(QUBITS, registers, (*START, *operations), hidden_bits=len(HIDDEN_BITS))


any_branching = st.lists(
    st.recursive(simple([*SHOWN, *HIDDEN_BITS]), lambda inner: branches([*SHOWN, *HIDDEN_BITS], inner), max_leaves=4),
    max_size=4,
).map(program_of)


def of_one_register(place: int) -> st.SearchStrategy[Operation]:
    """Branches as OpenQASM 2 can say them: on one register, which their arms do not measure into."""
    own = [bit for bit in [*SHOWN, *HIDDEN_BITS] if bit.register == place]
    others = [bit for bit in [*SHOWN, *HIDDEN_BITS] if bit.register != place]
    nested = st.recursive(simple(others), lambda inner: branches(own, inner), max_leaves=4)
    return branches(own, nested)


per_register = st.lists(
    st.one_of(simple([*SHOWN, *HIDDEN_BITS]), *map(of_one_register, (0, 1, HIDDEN))), max_size=4
).map(program_of)


@st.composite
def base_programs(draw: st.DrawFn) -> Program:
    gates = draw(st.lists(any_gate(), min_size=1, max_size=6))
    order = draw(st.permutations(range(QUBITS)))
    measures = [Measure(place, bit) for place, bit in zip(order, SHOWN, strict=False)]
    registers = tuple(Register(f"r{place}", size) for place, size in enumerate(SIZES))
    return Program(QUBITS, registers, (*gates, *measures[: draw(st.integers(1, len(measures)))]))


def shown(found: dict[str, float]) -> dict[str, float]:
    """Leave the hidden bits out, which providers report behind all others."""
    totals: dict[str, float] = {}
    for key, value in found.items():
        totals[key[: sum(SIZES)]] = totals.get(key[: sum(SIZES)], 0.0) + value
    return totals


def check(language: str, program: Program, text: str) -> None:
    expected = referee.distribution(program)
    assert referee.distance(shown(referee.distribution(read_program(language, text))), expected) < 1e-9, text
    assert referee.distance(shown(engine.distribution(language, text)), expected) < 1e-9, text


def check_ionq(program: Program) -> None:
    text, places = write_ionq(program), [place for row in measured_qubits(program) for place in row]
    expected = referee.distribution(program)
    for found in (
        referee.distribution(read_program("ionq-circuit", text)),
        engine.distribution("ionq-circuit", text),
    ):
        totals: dict[str, float] = {}
        for key, value in found.items():
            bits = "".join("0" if place is None else key[place] for place in places)
            totals[bits] = totals.get(bits, 0.0) + value
        assert referee.distance(totals, expected) < 1e-9, text


@SHORT
@given(any_branching)
def test_quil_says_a_program_exactly(program: Program) -> None:
    check("quil", program, write_quil(program))


@SHORT
@given(per_register)
def test_openqasm_2_says_a_program_exactly(program: Program) -> None:
    check("openqasm2", program, write_openqasm2(program))


@SHORT
@given(base_programs())
def test_an_ionq_circuit_says_a_program_exactly(program: Program) -> None:
    check_ionq(program)


@pytest.mark.long
@LONG
@given(any_branching)
def test_quil_says_thousands_of_programs_exactly(program: Program) -> None:
    check("quil", program, write_quil(program))


@pytest.mark.long
@LONG
@given(per_register)
def test_openqasm_2_says_thousands_of_programs_exactly(program: Program) -> None:
    check("openqasm2", program, write_openqasm2(program))


@pytest.mark.long
@LONG
@given(base_programs())
def test_ionq_circuits_say_thousands_of_programs_exactly(program: Program) -> None:
    check_ionq(program)


WRITERS: dict[str, Callable[[Program], str]] = {
    "openqasm2": write_openqasm2,
    "quil": write_quil,
    "ionq-circuit": write_ionq,
}


@pytest.mark.parametrize("language", WRITERS)
@settings(max_examples=40, deadline=None)
@given(st.lists(any_gate(), min_size=1, max_size=8))
def test_gates_are_read_back_as_they_were_and_what_was_read_is_written_the_same(
    language: str, gates: list[Gate]
) -> None:
    """Entry by entry: each gate as itself or as its flat gates, every angle to the last bit."""
    measures = [Measure(place, Bit(0, place)) for place in range(QUBITS)]
    program = Program(QUBITS, (Register("c", QUBITS),), (*gates, *measures))
    read_back = read_program(language, WRITERS[language](program))
    found = [item for item in read_back.operations if isinstance(item, Gate)]
    flat = [step for gate in gates for step in flatten(gate) if step.name != "id"]
    assert [step for gate in found for step in flatten(gate)] == flat
    assert WRITERS[language](read_back).replace("q", "c") == WRITERS[language](program).replace("q", "c")


@pytest.mark.parametrize("language", WRITERS)
@pytest.mark.parametrize("angle", [0.1, -7.25, 1e-300, 5e-324, 1e22, 1.7976931348623157e308, -0.0, 3.141592653589793])
def test_an_angle_survives_to_the_last_bit(language: str, angle: float) -> None:
    program = Program(1, (Register("c", 1),), (Gate("rz", (0,), (angle,)), Measure(0, Bit(0, 0))))
    read_back = read_program(language, WRITERS[language](program)).operations[0]
    assert isinstance(read_back, Gate)
    assert repr(read_back.angles[0]) == repr(angle)


def test_one_program_in_each_language() -> None:
    bits = Bit(0, 0), Bit(1, 0)
    feed_forward = If((bits[0],), 1, (Gate("x", (1,)), Gate("cp", (0, 1), (-0.5,))))
    steps = (Gate("ry", (0,), (1e-5,)), Measure(0, bits[0]), feed_forward, Reset(0), Measure(1, bits[1]))
    program = Program(2, (Register("a", 1), Register("q", 1)), steps)
    cp = ["rz(-0.25) q_[0];", "rz(-0.25) q_[1];", "cx q_[0],q_[1];", "rz(0.25) q_[1];", "cx q_[0],q_[1];"]
    assert write_openqasm2(program).splitlines() == [
        *("OPENQASM 2.0;", 'include "qelib1.inc";', "qreg q_[2];", "creg a[1];", "creg q[1];"),
        *("ry(1.0e-05) q_[0];", "measure q_[0] -> a[0];", "if(a==1) x q_[1];"),
        *(f"if(a==1) {line}" for line in cp),
        *("reset q_[0];", "measure q_[1] -> q[0];"),
    ]
    assert write_quil(program).splitlines() == [
        *("DECLARE ro BIT[2]", "RY(1e-05) 0", "MEASURE 0 ro[0]", "JUMP-UNLESS @else0 ro[0]", "X 1"),
        *("CPHASE(-0.5) 0 1", "JUMP @end0", "LABEL @else0", "LABEL @end0", "RESET 0", "MEASURE 1 ro[1]"),
    ]
    base = Program(2, program.registers, (Gate("cx", (1, 0)), Gate("rzz", (0, 1), (0.5,)), Measure(0, bits[1])))
    assert write_ionq(base) == (
        '{"qubits":2,"gateset":"qis","circuit":[{"gate":"x","control":1,"target":0},'
        '{"gate":"zz","targets":[0,1],"rotation":0.5}]}'
    )
    assert measured_qubits(base) == ((None,), (0,))


def refused(write: Callable[[Program], str], *operations: Operation, names: Sequence[str] = ("a", "b")) -> str:
    registers = tuple(Register(name, 2) for name in names)
    with pytest.raises(ProgramFormatUnsupported) as raised:
        write(Program(2, registers, (Measure(0, Bit(0, 0)), *operations)))
    return raised.value.detail


A, B, FLIP = Bit(0, 0), Bit(1, 0), (Gate("x", (1,)),)


def test_openqasm_2_refuses_what_it_cannot_say() -> None:
    assert "several registers" in refused(write_openqasm2, If((A, B), 1, FLIP))
    assert "inside a branch" in refused(write_openqasm2, If((A,), 1, (If((B,), 1, FLIP),)))
    assert "measures into the register it tests" in refused(write_openqasm2, If((A,), 1, (Measure(0, Bit(0, 1)),)))
    for name in ("A", "_a", "h", "if", "é", "a-b", ""):
        assert "name of a register" in refused(write_openqasm2, names=(name, "b"))


def test_openqasm_2_tests_a_wide_register_as_a_whole_only() -> None:
    bits = tuple(Bit(0, place) for place in range(40))
    wide = (Register("c", 40),)
    steps = (Measure(0, bits[0]), If(bits[::-1], 1, FLIP))
    assert f"if(c=={1 << 39}) x q[1];" in write_openqasm2(Program(2, wide, steps))
    for branch in (If(bits, 1, (), FLIP), If(bits[:2], 1, FLIP)):
        with pytest.raises(ProgramFormatUnsupported, match="register of 40"):
            write_openqasm2(Program(2, wide, (Measure(0, bits[0]), branch)))


@pytest.mark.parametrize(
    "operation", [Reset(0), If((A,), 1, FLIP), Gate("h", (0,)), Measure(0, B), Measure(1, A)], ids=repr
)
def test_an_ionq_circuit_is_measured_at_its_end_only(operation: Operation) -> None:
    assert "measured at its end" in refused(write_ionq, operation)
