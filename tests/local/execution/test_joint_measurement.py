"""Bits that a program goes on computing with: drawn for all qubits and shots at once, right in both engines."""

import itertools
import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.execution.groups import Group, Shared, alike
from local.execution.limits import DEFAULT, Limits
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
    RecordResult,
    RecordValue,
    Register,
    Reset,
)
from local.execution.simulator import Simulator
from local.execution.stabilizer import StabilizerState, independent
from tests.local.execution.exact import agrees, distribution

SHOTS = 4000
WIDTH = 4
ENGINES = pytest.mark.parametrize("limits", [DEFAULT, Limits(qubits=0)], ids=["state vector", "stabilizers"])
Distribution = Mapping[tuple[object, ...], float]


def gate(draw: random.Random) -> Gate:
    name = draw.choice(["h", "s", "x", "sx", "cx", "cz", "swap"])
    return Gate(name, tuple(draw.sample(range(WIDTH), 2 if name in ("cx", "cz", "swap") else 1)))


def steps(draw: random.Random, count: int) -> list[Operation]:
    """Gates, runs of measurements, resets and reads in any order."""
    found: list[Operation] = []
    for _ in range(count):
        qubits = draw.sample(range(WIDTH), draw.randint(1, WIDTH))
        measured = [Measure(qubit, draw.randrange(WIDTH)) for qubit in qubits]
        read = ReadResult(Register(draw.randrange(3)), draw.randrange(WIDTH))
        resets = [Reset(qubit) for qubit in qubits[:2]]
        found += draw.choice([[gate(draw), gate(draw)], [gate(draw)], measured, resets, [read]])
    return found


def computed(draw: random.Random) -> Program:
    """Three blocks of such steps; the middle one runs where a value is odd; bits and values are recorded."""
    odd, zeros = Register(9), [ReadResult(Register(index), 0) for index in range(3)]
    start = [*(Gate("h", (qubit,)) for qubit in range(WIDTH)), *zeros, *steps(draw, 6)]
    odd_of = [Compute(odd, "add", (Register(0), Register(1))), Compute(odd, "and", (odd, 1))]
    records = [*(RecordResult(result) for result in range(WIDTH)), RecordValue("int", Register(2))]
    return Program(
        (
            Block((*start, *odd_of), Choose(odd, ((1, Jump(1)),), Jump(2))),
            Block(tuple(steps(draw, 4)), Jump(2)),
            Block((*steps(draw, 5), *records)),
        ),
        WIDTH,
    )


@ENGINES
@pytest.mark.parametrize("seed", range(40))
def test_programs_that_compute_with_bits_sample_their_exact_distribution(seed: int, limits: Limits) -> None:
    program = computed(random.Random(seed))
    assert agrees(Simulator(program, seed=seed, limits=limits).sample(SHOTS), distribution(program))


def flipped(exact: Distribution, noise: Noise) -> dict[tuple[object, ...], float]:
    """The distribution of recorded bits, each misread with its probability."""
    found: dict[tuple[object, ...], float] = {}
    for record, probability in exact.items():
        bits = [int(entry[1]) for entry in record]  # type: ignore[index]
        for read in itertools.product((0, 1), repeat=len(bits)):
            share = probability
            for bit, seen in zip(bits, read, strict=True):
                wrong = noise.flip_probability(bit)
                share *= wrong if seen != bit else 1 - wrong
            key = tuple(("result", bit) for bit in read)
            found[key] = found.get(key, 0) + share
    return found


@ENGINES
@pytest.mark.parametrize("is_read", [False, True], ids=["recorded only", "read"])
def test_a_bit_is_misread_each_time_by_itself_and_the_state_keeps_what_was_there(is_read: bool, limits: Limits) -> None:
    noise = Noise(read_0_as_1=0.1, read_1_as_0=0.3)
    reads = [ReadResult(Register(result), result) for result in range(5)] if is_read else []
    steps = [Gate("h", (0,)), Gate("cx", (0, 1)), Measure(0, 0), Measure(0, 1), Measure(1, 2), Gate("cx", (0, 2))]
    program = Program(
        (Block((*steps, Measure(2, 3), Measure(0, 4), *reads, *(RecordResult(result) for result in range(5)))),), 3
    )
    sampled = Simulator(program, seed=3, noise=noise, limits=limits).sample(20_000)
    assert agrees(sampled, flipped(distribution(program), noise))


def test_qubits_that_come_after_the_bits_were_drawn_are_zero() -> None:
    group, rng = Group(Shared(StabilizerState(1)), 4), np.random.default_rng(1)
    group.own(1).simulator.x(0)  # type: ignore[union-attr]
    assert group.measure(0, rng).tolist() == [1] * 4
    assert group.measure(2, rng).tolist() == [0] * 4
    assert group.drawn_of([2, 0]).tolist() == [[0, 1]] * 4


def test_shots_that_part_at_a_read_share_their_state_until_something_acts_on_it() -> None:
    group = Group(Shared(StabilizerState(2)), 4)
    group.set_bit(0, np.array([0, 1, 1, 0], dtype=np.uint8))
    zeros, ones = group.parted(0)
    assert zeros.shared is ones.shared
    assert (zeros.bits, ones.bits) == ({0: 0}, {0: 1})
    changed = zeros.own(2)
    assert changed is not ones.shared.state
    assert ones.own(2) is ones.shared.state


@given(st.lists(st.lists(st.integers(0, 1), min_size=70, max_size=70), min_size=1, max_size=20))
def test_rows_are_alike_where_all_their_bits_are(rows: list[list[int]]) -> None:
    groups = alike(np.array(rows, dtype=np.uint8))
    assert sorted(int(index) for group in groups for index in group) == list(range(len(rows)))
    assert all(list(group) == sorted(group) for group in groups)
    kinds = [{tuple(rows[index]) for index in group} for group in groups]
    assert all(len(kind) == 1 for kind in kinds)
    assert len(set.union(*kinds)) == len(groups)


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=6))
def test_independent_rows_span_the_same_sums_once(rows: list[list[bool]]) -> None:
    def sums(matrix: np.ndarray) -> list[tuple[int, ...]]:
        chosen = np.array(list(itertools.product((0, 1), repeat=len(matrix))), dtype=np.uint8)
        chosen = chosen.reshape(2 ** len(matrix), len(matrix))
        return [tuple(row) for row in (chosen @ matrix.astype(np.uint8) % 2).tolist()]

    basis = independent(np.array(rows, dtype=bool))
    assert set(sums(basis)) == set(sums(np.array(rows, dtype=np.uint8)))
    assert len(set(sums(basis))) == 2 ** len(basis)
