"""Wide Clifford programs: the same distributions as the state vector gives, and what a state vector cannot hold."""

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from local.execution.errors import ProgramTooLarge
from local.execution.gates import GATES
from local.execution.limits import Limits
from local.execution.noise import IDEAL, Noise
from local.execution.program import (
    Block,
    Choose,
    Gate,
    Jump,
    Measure,
    Operation,
    Program,
    ReadResult,
    RecordGroup,
    RecordResult,
    Register,
    Reset,
)
from local.execution.simulator import Simulator
from local.execution.stabilizer import is_clifford
from tests.local.execution.exact import agrees, distribution

SHOTS = 4000
STABILIZERS = Limits(qubits=0)
FIXED = ["x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap"]
TURNED = ["rx", "ry", "rz", "p", "u", "prx", "rxx", "ryy", "rzz"]


def clifford_gate(draw: random.Random, width: int) -> Gate:
    name = draw.choice(FIXED + TURNED)
    kind = GATES[name]
    qubits = tuple(draw.sample(range(width), kind.qubits))
    return Gate(name, qubits, tuple(draw.randrange(-8, 9) * math.pi / 2 for _ in range(kind.angles)))


def straight(operations: Sequence[Operation], width: int) -> Program:
    return Program((Block(tuple(operations)),), width)


def read_all(width: int) -> list[Operation]:
    records = [RecordResult(result) for result in range(width)]
    return [*(Measure(qubit, qubit) for qubit in range(width)), RecordGroup("array", width), *records]


def test_random_clifford_programs_agree_with_exact_distributions() -> None:
    draw = random.Random(5)
    for seed in range(30):
        steps: list[Operation] = []
        for _ in range(15):
            steps.append(clifford_gate(draw, 3))
            if draw.random() < 0.2:
                steps.append(draw.choice([Measure(draw.randrange(3), draw.randrange(3)), Reset(draw.randrange(3))]))
        program = straight([*steps, *read_all(3)], 3)
        assert is_clifford(program)
        sampled = Simulator(program, seed=seed, limits=STABILIZERS).sample(SHOTS)
        assert agrees(sampled, distribution(program))


def test_feed_forward_follows_the_measured_bit() -> None:
    """Teleport |1> and |+>: a phase and a flip that depend on two results."""
    for prepared, wanted in ((Gate("x", (0,)), {"1"}), (Gate("h", (0,)), {"0"})):
        bell = (prepared, Gate("h", (1,)), Gate("cx", (1, 2)), Gate("cx", (0, 1)), Gate("h", (0,)))
        last = () if prepared.name == "x" else (Gate("h", (2,)),)
        program = Program(
            (
                Block(
                    (*bell, Measure(0, 0), Measure(1, 1), ReadResult(Register(0), 0), ReadResult(Register(1), 1)),
                    Choose(Register(1), ((1, Jump(1)),), Jump(2)),
                ),
                Block((Gate("x", (2,)),), Jump(2)),
                Block((), Choose(Register(0), ((1, Jump(3)),), Jump(4))),
                Block((Gate("z", (2,)),), Jump(4)),
                Block((*last, Measure(2, 2), RecordResult(2))),
            ),
            3,
        )
        sampled = Simulator(program, seed=1, limits=STABILIZERS).sample(500)
        assert {str(entry[1]) for record in sampled for entry in record if isinstance(entry, tuple)} == wanted


@pytest.mark.parametrize("noise", [Noise(one_qubit=0.1, two_qubit=0.2), Noise(read_0_as_1=0.1, read_1_as_0=0.3)])
def test_noise_has_the_distribution_of_the_dense_engine(noise: Noise) -> None:
    steps = [Gate("h", (0,)), Gate("cx", (0, 1)), Measure(0, 2), Gate("s", (0,)), Gate("h", (0,)), *read_all(2)]
    program = straight([*steps, RecordResult(2)], 2)
    dense = Simulator(program, seed=1, noise=noise).sample(200_000)
    wide = Simulator(program, seed=2, noise=noise, limits=STABILIZERS).sample(SHOTS)
    assert agrees(wide, {record: count / 200_000 for record, count in dense.items()})


def test_a_seed_repeats_the_shots() -> None:
    program = straight([Gate("h", (qubit,)) for qubit in range(40)] + read_all(40), 40)
    first, again, other = (Simulator(program, seed=seed).sample(50) for seed in (7, 7, 8))
    assert first == again != other
    assert len(first) == 50


def test_a_cat_of_a_hundred_qubits_is_alive_or_dead() -> None:
    chain = [Gate("cx", pair) for pair in itertools.pairwise(range(100))]
    program = straight([Gate("h", (0,)), *chain, Gate("x", (99,)), *read_all(100)], 100)
    sampled = Simulator(program, seed=3, noise=IDEAL).sample(1000)
    bits = {tuple(entry[1] for entry in record if isinstance(entry, tuple)): count for record, count in sampled.items()}
    assert set(bits) == {(0,) * 99 + (1,), (1,) * 99 + (0,)}
    assert all(400 < count < 600 for count in bits.values())


@pytest.mark.parametrize(
    "gate",
    [
        Gate("t", (0,)),
        Gate("ccx", (0, 1, 2)),
        Gate("rz", (0,), (math.pi / 2 + 1e-3,)),
        Gate("rz", (0,), (Register(0),)),
    ],
)
def test_a_wide_program_with_another_gate_is_refused(gate: Gate) -> None:
    program = straight([gate, *read_all(40)], 40)
    assert not is_clifford(program)
    with pytest.raises(ProgramTooLarge, match="40 qubits; the local engine simulates at most 26, or 1024 when"):
        Simulator(program, seed=0)


def test_controls_of_any_number_are_kept_apart_from_targets() -> None:
    draw = np.random.default_rng(2)
    for name, angles in (("x", ()), ("z", ()), ("p", (math.pi,)), ("rz", (2 * math.pi,))):
        order = [int(qubit) for qubit in draw.permutation(3)[:2]]
        prepared = [Gate("h", (qubit,)) for qubit in range(3)]
        steps = [*prepared, Gate(name, (order[0],), angles, (order[1],)), Gate("h", (0,)), Gate("h", (2,))]
        program = straight([*steps, *read_all(3)], 3)
        assert agrees(Simulator(program, seed=4, limits=STABILIZERS).sample(SHOTS), distribution(program))


def test_exact_probabilities_are_those_of_the_state_vector() -> None:
    draw = random.Random(9)
    for _ in range(30):
        program = straight([clifford_gate(draw, 5) for _ in range(20)], 5)
        exact = Simulator(program, seed=0).probabilities()
        assert Simulator(program, seed=0, limits=STABILIZERS).probabilities() == pytest.approx(exact)


def test_exact_probabilities_of_a_wide_cat_are_two_halves() -> None:
    chain = [Gate("cx", pair) for pair in itertools.pairwise(range(3, 103))]
    program = straight([Gate("h", (3,)), *chain, Gate("x", (102,)), *read_all(103)], 103)
    alive, dead = 1 << 102, sum(1 << qubit for qubit in range(3, 102))
    assert Simulator(program, seed=0).probabilities() == {dead: 0.5, alive: 0.5}


def test_exact_probabilities_of_too_many_basis_states_are_refused() -> None:
    program = straight([Gate("h", (qubit,)) for qubit in range(27)], 27)
    with pytest.raises(ProgramTooLarge, match="27 qubits and ends in more than 65536 basis states"):
        Simulator(program, seed=0).probabilities()
