"""Sampling against exact distributions, and the rules of groups, noise, seeds and limits."""

import math
import random

import pytest

from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.gates import GATES
from local.execution.limits import Limits
from local.execution.noise import Noise
from local.execution.program import (
    Block,
    Choose,
    Compute,
    Gate,
    Jump,
    Measure,
    Operation,
    Program,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
)
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees, distribution

SHOTS = 4000


def straight(*operations: Operation, width: int = 3) -> Program:
    return Program((Block(operations),), width)


def read_all(width: int) -> list[Operation]:
    records: list[Operation] = [RecordResult(result) for result in range(width)]
    return [*(Measure(qubit, qubit) for qubit in range(width)), RecordGroup("array", width), *records]


def random_steps(draw: random.Random, count: int, results: int) -> list[Operation]:
    steps: list[Operation] = []
    for _ in range(count):
        qubits = draw.sample(range(3), 3)
        name = draw.choice(sorted(GATES))
        kind = GATES[name]
        angles = tuple(draw.uniform(-20, 20) for _ in range(kind.angles))
        gate = Gate(name, tuple(qubits[: kind.qubits]), angles)
        steps.append(
            draw.choice([gate, gate, gate, gate, Measure(qubits[0], draw.randrange(results)), Reset(qubits[1])])
        )
    return steps


def bits_of(simulator: Simulator, shots: int = SHOTS) -> dict[str, int]:
    found: dict[str, int] = {}
    for record, count in simulator.sample(shots).items():
        text = "".join(str(entry[1]) for entry in record if isinstance(entry, tuple))
        found[text] = found.get(text, 0) + count
    return found


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_with_measurement_and_reset_sample_their_exact_distribution(seed: int) -> None:
    program = straight(*random_steps(random.Random(seed), 14, 3), *read_all(3))
    assert agrees(Simulator(program, seed=seed).sample(SHOTS), distribution(program))


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_that_branch_sample_their_exact_distribution(seed: int) -> None:
    draw = random.Random(1000 + seed)
    first, second = Register(0), Register(1)
    branch = Choose(first, ((1, Jump(1, ((second, 7),))),), Jump(2, ((second, first),)))
    program = Program(
        (
            Block((Gate("h", (0,)), *random_steps(draw, 5, 2), Measure(0, 0), ReadResult(first, 0)), branch),
            Block(tuple(random_steps(draw, 4, 2)), Jump(3)),
            Block(tuple(random_steps(draw, 4, 2)), Jump(3)),
            Block((*random_steps(draw, 4, 3), *read_all(3), RecordValue("int", second))),
        ),
        3,
    )
    assert agrees(Simulator(program, seed=seed).sample(SHOTS), distribution(program))


def test_the_circuits_that_other_simulators_get_wrong_are_right() -> None:
    for gates in (
        (Gate("ry", (0,), (1.0,)), Gate("rx", (0,), (math.pi,)), Gate("ry", (0,), (-1.0,))),
        (Gate("ry", (0,), (1.0,)), Gate("rx", (0,), (-math.pi,)), Gate("ry", (0,), (0.4,))),
        (Gate("h", (0,)), Gate("ry", (1,), (-1.2,), (0,)), Gate("h", (0,))),
        (Gate("h", (0,)), Gate("rz", (1,), (-0.3,), (0,)), Gate("h", (0,))),
        (Gate("h", (0,)), Gate("sx", (1,), (), (0,)), Gate("h", (0,))),
        (Gate("h", (0,)), Gate("rx", (1,), (3 * math.pi,), (0,)), Gate("h", (0,))),
    ):
        program = straight(*gates, *read_all(3))
        assert agrees(Simulator(program, seed=5).sample(SHOTS), distribution(program))


def test_the_rotated_flip_has_its_known_probability() -> None:
    program = straight(Gate("ry", (0,), (1.0,)), Gate("rx", (0,), (math.pi,)), Gate("ry", (0,), (-1.0,)), width=1)
    assert Simulator(program, seed=1).probabilities()[0] == pytest.approx(math.sin(1.0) ** 2, abs=1e-12)


def test_bit_order_is_that_of_the_records() -> None:
    program = straight(Gate("x", (2,)), *read_all(3))
    assert bits_of(Simulator(program, seed=0), 10) == {"001": 10}
    assert Simulator(program, seed=0).probabilities() == {4: pytest.approx(1.0)}


def test_probabilities_cover_unmeasured_qubits_and_skip_untouched_ones() -> None:
    program = straight(Gate("h", (9,)), Gate("x", (40,)), Measure(40, 0), RecordResult(0), width=64)
    assert Simulator(program, seed=0).probabilities() == pytest.approx({1 << 40: 0.5, 1 << 40 | 1 << 9: 0.5})


def test_a_repeated_measurement_gives_the_same_bit() -> None:
    twice = [Measure(0, 0), Measure(0, 1), RecordResult(0), RecordResult(1)]
    assert set(bits_of(Simulator(straight(Gate("h", (0,)), *twice), seed=3))) == {"00", "11"}
    later = [Measure(0, 0), Gate("x", (0,)), Measure(0, 1), RecordResult(0), RecordResult(1)]
    assert set(bits_of(Simulator(straight(Gate("h", (0,)), *later), seed=3))) == {"01", "10"}


def test_a_result_measured_again_holds_the_later_bit() -> None:
    steps = [Gate("x", (0,)), Measure(0, 0), Gate("x", (0,)), Measure(0, 0), RecordResult(0)]
    assert bits_of(Simulator(straight(*steps), seed=3), 50) == {"0": 50}


def test_the_same_seed_gives_the_same_shots_and_another_gives_others() -> None:
    program = straight(*(Gate("h", (qubit,)) for qubit in range(3)), Measure(0, 2), Reset(0), *read_all(3))
    noise = Noise(one_qubit=0.1, read_0_as_1=0.05)
    first, same, other = (Simulator(program, seed=seed, noise=noise).sample(SHOTS) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_a_loop_runs_until_its_result_says_so() -> None:
    # Repeats h and measure until the bit is 1, counting the rounds.
    bit, rounds = Register(0), Register(1)
    again = Choose(bit, ((1, Jump(2)),), Jump(1))
    program = Program(
        (
            Block((), Jump(1, ((rounds, 0),))),
            Block((Gate("h", (0,)), Measure(0, 0), Compute(rounds, "add", (rounds, 1)), ReadResult(bit, 0)), again),
            Block((RecordResult(0), RecordValue("int", rounds))),
        ),
        1,
    )
    counts = Simulator(program, seed=8).sample(SHOTS)
    assert {record[0] for record in counts} == {("result", 1)}
    after_one = next(count for record, count in counts.items() if record[1] == ("int", 1))
    assert abs(after_one - SHOTS / 2) < 5 * math.sqrt(SHOTS) / 2


def counting(target: int) -> Program:
    """Add 1 until there is so much, in a loop of two blocks."""
    number, is_less = Register(0), Register(1)
    again = Choose(is_less, ((1, Jump(2)),), Jump(3))
    return Program(
        (
            Block((), Jump(1, ((number, 0),))),
            Block((Compute(number, "add", (number, 1)), Compute(is_less, "slt", (number, target))), again),
            Block((Gate("x", (0,)),), Jump(1)),
            Block((RecordValue("int", number),)),
        ),
        1,
    )


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_circle_of_any_length_is_found_at_once(length: int) -> None:
    circle = tuple(Block((Gate("h", (0,)),), Jump(1 + (index + 1) % length)) for index in range(length))
    program = Program((Block((), Jump(1)), *circle), 1)
    with pytest.raises(ProgramTooLarge, match="never ends: it comes back to where it was"):
        Simulator(program, seed=0, limits=Limits(operations=300)).sample(1)


def test_a_loop_that_counts_ends() -> None:
    assert set(Simulator(counting(1000), seed=0).sample(5)) == {(("int", 1000),)}


def test_a_loop_that_waits_for_a_bit_is_no_circle() -> None:
    bit = Register(0)
    program = Program(
        (
            Block((Gate("ry", (0,), (0.3,)), Measure(0, 0), ReadResult(bit, 0)), Choose(bit, ((1, Jump(1)),), Jump(0))),
            Block((RecordResult(0),)),
        ),
        1,
    )
    assert Simulator(program, seed=0).sample(200) == {(("result", 1),): 200}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(operations_of_a_shot=1000), "One shot of the program ran more than 1000 operations: is there a loop"),
        (Limits(operations=1000), "The program ran more than 1000 operations: is there a loop"),
    ],
)
def test_a_loop_without_end_is_stopped(limits: Limits, message: str) -> None:
    with pytest.raises(ProgramTooLarge, match=message):
        Simulator(counting(10**9), seed=0, limits=limits).sample(1)


def test_operations_of_a_shot_are_those_of_its_own_history() -> None:
    steps = [
        step for result in range(30) for step in (Gate("h", (0,)), Measure(0, result), ReadResult(Register(0), result))
    ]
    counts = Simulator(straight(*steps, RecordResult(0)), seed=0, limits=Limits(operations_of_a_shot=120)).sample(400)
    assert sum(counts.values()) == 400


def test_depolarizing_noise_has_its_rate() -> None:
    # After one gate with r, a bit that should be 0 is 1 with probability r/2.
    program = straight(Gate("p", (0,), (0.0,)), Measure(0, 0), RecordResult(0))
    ones = bits_of(Simulator(program, seed=4, noise=Noise(one_qubit=0.3)), 40_000)["1"]
    assert abs(ones / 40_000 - 0.15) < 5 * math.sqrt(0.15 * 0.85 / 40_000)


def test_two_qubit_noise_spreads_over_fifteen_errors() -> None:
    # Of 16 Pauli pairs 4 leave both bits, so 00 stays with probability 1 - r + r/4.
    program = straight(Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1), RecordResult(0), RecordResult(1))
    found = bits_of(Simulator(program, seed=4, noise=Noise(two_qubit=0.4)), 40_000)
    for bits, probability in {"00": 0.7, "01": 0.1, "10": 0.1, "11": 0.1}.items():
        assert abs(found[bits] / 40_000 - probability) < 5 * math.sqrt(probability * (1 - probability) / 40_000)


def test_noise_is_the_same_before_a_final_and_a_mid_circuit_measurement() -> None:
    steps = [Gate("h", (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(1, 1)]
    records = [RecordResult(0), RecordResult(1)]
    noise = Noise(one_qubit=0.05, two_qubit=0.2, read_0_as_1=0.03, read_1_as_0=0.08)
    final = bits_of(Simulator(straight(*steps, *records), seed=1, noise=noise), 60_000)
    middle = bits_of(
        Simulator(straight(*steps, Gate("x", (0,)), Gate("x", (1,)), *records), seed=2, noise=noise), 60_000
    )
    for bits in final:
        assert abs(final[bits] - middle[bits]) < 5 * math.sqrt(2 * max(final[bits], 1))


def test_readout_flips_have_their_rates_in_both_directions() -> None:
    noise = Noise(read_0_as_1=0.1, read_1_as_0=0.3)
    for middle in ((), (Gate("x", (0,)),)):
        zeros = straight(Measure(0, 0), *middle, RecordResult(0))
        ones = straight(Gate("x", (0,)), Measure(0, 0), *middle, RecordResult(0))
        assert abs(bits_of(Simulator(zeros, seed=1, noise=noise), 20_000)["1"] - 2000) < 5 * math.sqrt(1800)
        assert abs(bits_of(Simulator(ones, seed=1, noise=noise), 20_000)["0"] - 6000) < 5 * math.sqrt(4200)


def test_more_qubits_than_the_limit_are_refused() -> None:
    program = straight(*(Gate("t", (qubit,)) for qubit in range(5)), width=5)
    with pytest.raises(ProgramTooLarge, match="uses 5 qubits; the local engine simulates at most 4"):
        Simulator(program, seed=0, limits=Limits(qubits=4))


@pytest.mark.parametrize("shots", [0, -1, 11])
def test_shots_out_of_range_are_refused(shots: int) -> None:
    with pytest.raises(InvalidProgram, match="from 1 to 10"):
        Simulator(straight(), seed=0, limits=Limits(shots=10)).sample(shots)


def test_exact_probabilities_are_refused_where_a_step_depends_on_a_measurement() -> None:
    program = straight(Gate("h", (0,)), Measure(0, 0), Gate("h", (0,)), Measure(0, 1))
    with pytest.raises(UnsupportedProgram, match="mid-circuit"):
        Simulator(program, seed=0).probabilities()


@pytest.mark.parametrize("angle", [math.nan, math.inf])
def test_an_angle_that_is_not_finite_is_refused(angle: float) -> None:
    with pytest.raises(InvalidProgram, match="finite"):
        Simulator(straight(Gate("rx", (0,), (angle,))), seed=0).sample(1)
