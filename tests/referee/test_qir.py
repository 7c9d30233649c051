"""QIR of four writers, on every target that takes it, against the referee."""

from collections import Counter

import pytest

from tests.referee import installed
from tests.referee.circuits import CIRCUITS, DYNAMIC, WIDE, flat
from tests.referee.conftest import EXPECTED, IDEAL, NOISY, QIR_TARGETS, ZEROS, Submitter
from tests.referee.distributions import (
    assert_agrees,
    assert_alike,
    assert_distributed,
    exact,
    fold,
    sampled,
    states,
)
from tests.referee.keys import key
from tests.referee.programs import WRITERS, unguarded_qiskit

pytestmark = installed.LONG
SHOTS = 10_000
STATIC = sorted(CIRCUITS.keys() - DYNAMIC)


def counts_of(submitter: Submitter, target: str, writer: str, name: str, shots: int = SHOTS) -> dict[str, int]:
    circuit = CIRCUITS[name]()
    counts: Counter[str] = Counter()
    read = WRITERS[writer].key(circuit)
    for outcome, count in submitter.run_qir(target, WRITERS[writer].write(circuit), shots):
        counts[read(outcome)] += count
    return dict(counts)


@pytest.mark.parametrize("name", STATIC)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("target", IDEAL)
def test_a_target_without_noise_has_the_distribution_of_the_referee(
    submitter: Submitter, target: str, writer: str, name: str
) -> None:
    counts = counts_of(submitter, target, writer, name)
    assert sum(counts.values()) == SHOTS
    assert_agrees(counts, name)


@pytest.mark.parametrize("name", STATIC)
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("target", EXPECTED)
def test_a_target_of_expected_counts_rounds_each_basis_state_down(
    submitter: Submitter, target: str, writer: str, name: str
) -> None:
    # So many that some of a million states are expected at all.
    shots = 200_000 if name == "clifford_and_t_20" else SHOTS
    counts = counts_of(submitter, target, writer, name, shots)
    floors = {state: int(probability * shots + 1e-6) for state, probability in states(name).items()}
    assert counts == {outcome: int(count) for outcome, count in fold(floors, CIRCUITS[name]()).items() if count}


@pytest.mark.parametrize("name", sorted(DYNAMIC))
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("target", [name for name, target in QIR_TARGETS.items() if target["profile"] == "base"])
def test_a_target_of_the_base_profile_refuses_feed_forward_by_name(
    submitter: Submitter, target: str, writer: str, name: str
) -> None:
    with pytest.raises(AssertionError, match="takes the base profile only"):
        counts_of(submitter, target, writer, name, 10)


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("target", ZEROS)
def test_a_syntax_checker_answers_zeros_in_the_shape_of_the_output(
    submitter: Submitter, target: str, name: str
) -> None:
    assert counts_of(submitter, target, "own", name, 20) == {key({}, CIRCUITS[name]()): 20}


def running(target: str) -> list[str]:
    """The circuits that a target takes and whose noise many shots can show."""
    refused = DYNAMIC if QIR_TARGETS[target]["profile"] == "base" else set()
    return sorted(CIRCUITS.keys() - {"clifford_and_t_20", "echo_20"} - refused)


@pytest.mark.parametrize(("target", "name"), [(target, name) for target in NOISY for name in running(target)])
def test_a_noisy_target_has_the_distribution_of_the_referee_with_its_noise(
    submitter: Submitter, target: str, name: str
) -> None:
    shots = min(500 if name in WIDE else SHOTS, QIR_TARGETS[target]["shots"]["maximum"])
    counts = flat_counts(submitter, target, name, shots)
    assert_alike(counts, sampled(name, QIR_TARGETS[target]["noise"]))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("target", NOISY)
def test_a_noisy_target_has_the_distribution_of_the_referee_for_a_wide_circuit(
    submitter: Submitter, target: str
) -> None:
    """Each shot that errs runs a state of its own: few shots, of a circuit with one right outcome, so that each tells.

    They are compared by how many bits they are away from it. This shows a wrong circuit or a wrong order of bits, which
    the last lines prove, not a rate that is somewhat wrong: the narrow circuits above show that.
    """
    (right,) = exact("echo_20")
    counts = flat_counts(submitter, target, "echo_20", 50)
    referee = distances(sampled("echo_20", QIR_TARGETS[target]["noise"], shots=40), right)
    assert_alike(distances(counts, right), referee)
    backwards = {outcome[::-1]: count for outcome, count in counts.items()}
    with pytest.raises(AssertionError):
        assert_alike(distances(backwards, right), referee)


def distances(counts: dict[str, int], right: str) -> dict[str, int]:
    """Add counts up by the number of bits in which their outcomes differ from the right one."""
    total: Counter[str] = Counter()
    for outcome, count in counts.items():
        total[str(sum(bit != wanted for bit, wanted in zip(outcome, right, strict=True)))] += count
    return dict(total)


def flat_counts(submitter: Submitter, target: str, name: str, shots: int) -> dict[str, int]:
    """Run a circuit of the gates that the referee's noise is stated for."""
    circuit = flat(CIRCUITS[name]())
    counts: Counter[str] = Counter()
    read = WRITERS["own"].key(circuit)
    for outcome, count in submitter.run_qir(target, WRITERS["own"].write(circuit), shots):
        counts[read(outcome)] += count
    return dict(counts)


@pytest.mark.parametrize("writer", sorted(WRITERS.keys() - {"own"}))
@pytest.mark.parametrize("name", sorted(DYNAMIC))
def test_every_writers_feed_forward_runs_as_the_referee_says(submitter: Submitter, writer: str, name: str) -> None:
    target = "quantinuum.sim.h2-1e"
    counts = counts_of(submitter, target, writer, name)
    assert_alike(counts, sampled(name, QIR_TARGETS[target]["noise"]))


def test_qiskits_own_qir_of_negative_controlled_rotations_is_another_program(submitter: Submitter) -> None:
    """The QDK halves angles after it took whole turns away: the workspace must run what it is given, and not repair it.

    Should this fail, the QDK is right again: then drop this test and the warnings in the documentation.
    """
    circuit = CIRCUITS["controlled_rotations"]()
    counts: Counter[str] = Counter()
    read = WRITERS["qiskit"].key(circuit)
    for outcome, count in submitter.run_qir("rigetti.sim.qvm", unguarded_qiskit(circuit), SHOTS):
        counts[read(outcome)] += count
    with pytest.raises(AssertionError):
        assert_distributed(counts, exact("controlled_rotations"))
