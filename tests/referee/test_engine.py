"""Every input format on the engine itself, without a target's noise, against the referee."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.execution.limits import Limits
from local.execution.request import Request
from local.execution.run import run
from tests.referee import installed
from tests.referee.circuits import CIRCUITS, DYNAMIC, flat
from tests.referee.distributions import assert_agrees, fold, states
from tests.referee.programs import WRITERS, ionq_circuit, openqasm2, openqasm3, quil

pytestmark = installed.LONG
SHOTS = 10_000


def document(program: str | bytes, given: str, wanted: str, **options: Any) -> Any:
    text = program.encode() if isinstance(program, str) else program
    answer = run(Request(given, wanted, SHOTS, seed=5, **options), text, Limits())
    return json.loads(answer.document)


def by_register(found: Mapping[str, list[Any]], names: list[str], text: Callable[[Any], str]) -> dict[str, int]:
    """Join the registers' entries of each shot, the last register first."""
    assert list(found) == names
    shots = zip(*(found[name] for name in reversed(names)), strict=True)
    return dict(Counter(" ".join(map(text, shot)) for shot in shots))


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("writer", [openqasm2, openqasm3])
def test_openqasm_gives_strings_with_the_highest_bit_first(writer: Callable[..., str], name: str) -> None:
    found = document(writer(CIRCUITS[name]()), "honeywell.openqasm.v1", "honeywell.quantum-results.v1")
    names = [register.name for register in CIRCUITS[name]().cregs]
    assert_agrees(by_register(found, names, str), name)


@pytest.mark.parametrize("name", CIRCUITS)
def test_quil_gives_lists_with_bit_zero_first(name: str) -> None:
    circuit = CIRCUITS[name]()
    found = document(quil(circuit), "rigetti.quil.v1", "rigetti.quil-results.v1")
    names = [register.name.upper() for register in circuit.cregs]
    assert_agrees(by_register(found, names, lambda row: "".join(map(str, reversed(row)))), name)


@pytest.mark.parametrize("name", sorted(CIRCUITS.keys() - DYNAMIC))
def test_an_ionq_circuit_has_exact_probabilities_with_qubit_zero_as_lowest_bit(name: str) -> None:
    circuit = CIRCUITS[name]()
    found = document(
        json.dumps(ionq_circuit(circuit)), "ionq.circuit.v1", "ionq.quantum-results.v1", semantics="expected"
    )
    shares = {int(state): share for state, share in found["histogram"].items()}
    exact = states(name)
    assert all(abs(shares.get(state, 0) - exact.get(state, 0)) < 1e-9 for state in shares.keys() | exact.keys())


@pytest.mark.parametrize("name", sorted(CIRCUITS.keys() - DYNAMIC))
def test_a_sampled_ionq_circuit_has_the_distribution_of_the_referee(name: str) -> None:
    circuit = CIRCUITS[name]()
    found = document(json.dumps(ionq_circuit(circuit)), "ionq.circuit.v1", "ionq.quantum-results.v1")
    counts = {int(state): round(share * SHOTS) for state, share in found["histogram"].items()}
    assert sum(counts.values()) == SHOTS
    assert_agrees({outcome: int(count) for outcome, count in fold(counts, circuit).items()}, name)


@pytest.mark.parametrize("name", sorted(DYNAMIC))
@pytest.mark.parametrize("writer", WRITERS)
def test_qir_with_feed_forward_has_the_distribution_of_the_referee(writer: str, name: str) -> None:
    circuit = CIRCUITS[name]()
    found = document(WRITERS[writer].write(circuit), "qir.v1", "microsoft.quantum-results.v2")
    counts: Counter[str] = Counter()
    key = WRITERS[writer].key(circuit)
    for entry in found["Results"][0]["Histogram"]:
        outcome = entry["Outcome"]
        listed = list(outcome.values()) if isinstance(outcome, dict) else outcome
        counts[key(listed)] += entry["Count"]
    assert_agrees(counts, name)


def test_version_1_of_the_results_shows_bits_in_the_order_of_their_recording() -> None:
    circuit = flat(CIRCUITS["one_flip"]())
    found = document(WRITERS["own"].write(circuit), "qir.v1", "microsoft.quantum-results.v1")
    assert found == {"Histogram": ["([0, 0], [0], [1, 0, 0])", 1.0]}
