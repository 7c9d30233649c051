"""Providers' own formats through the azure-quantum package, on every target that takes them, against the referee."""

from collections import Counter
from typing import Any

import pytest

from tests.referee import installed
from tests.referee.circuits import CIRCUITS, DYNAMIC, WIDE, flat
from tests.referee.conftest import TARGETS, Submitter
from tests.referee.distributions import assert_agrees, assert_alike, fold, sampled, states
from tests.referee.programs import ionq_circuit, openqasm2, quil

pytestmark = installed.LONG
SHOTS = 5000
STATIC = sorted(CIRCUITS.keys() - DYNAMIC)
# With noise no outcome of these comes twice: `test_qir.py` holds the noise of wide circuits.
RANDOM = {"clifford_and_t_20", "echo_20"}
FORMATS = {
    "honeywell.openqasm.v1": "honeywell.quantum-results.v1",
    "rigetti.quil.v1": "rigetti.quil-results.v1",
}


def taking(format_: str) -> list[str]:
    return [name for name, target in TARGETS.items() if format_ in target.get("native_formats", {})]


def results(submitter: Submitter, target: str, program: Any, format_: str, shots: int) -> Any:
    formats = {"input_data_format": format_, "output_data_format": FORMATS[format_]}
    return submitter.run(target, program, shots, **formats).get_results()


def shots_for(name: str) -> int:
    return 500 if name in WIDE else SHOTS


@pytest.mark.parametrize("name", sorted(CIRCUITS.keys() - RANDOM))
@pytest.mark.parametrize("target", taking("honeywell.openqasm.v1"))
def test_openqasm_on_quantinuums_targets(submitter: Submitter, target: str, name: str) -> None:
    circuit = flat(CIRCUITS[name]())
    found = results(submitter, target, openqasm2(circuit), "honeywell.openqasm.v1", shots_for(name))
    shots = zip(*(found[register.name] for register in reversed(circuit.cregs)), strict=True)
    counts = Counter(map(" ".join, shots))
    if TARGETS[target]["semantics"] == "zeros":
        (outcome,) = counts
        assert set(outcome) <= {"0", " "}
    else:
        assert_alike(counts, sampled(name, TARGETS[target].get("noise")))


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (target, name)
        for target in taking("rigetti.quil.v1")
        for name in sorted(CIRCUITS.keys() - (RANDOM if TARGETS[target].get("noise") else set()))
    ],
)
def test_quil_on_rigettis_targets(submitter: Submitter, target: str, name: str) -> None:
    circuit = flat(CIRCUITS[name]())
    found = results(submitter, target, quil(circuit), "rigetti.quil.v1", shots_for(name))
    shots = zip(*(found[register.name.upper()] for register in reversed(circuit.cregs)), strict=True)
    counts = Counter(" ".join("".join(map(str, reversed(row))) for row in shot) for shot in shots)
    if noise := TARGETS[target].get("noise"):
        assert_alike(counts, sampled(name, noise))
    else:
        assert_agrees(counts, name)


# The document of the random circuit, a million states, is held in `test_engine.py`.
@pytest.mark.parametrize("name", sorted(set(STATIC) - {"clifford_and_t_20"}))
def test_an_ionq_circuit_on_the_ideal_simulator(submitter: Submitter, name: str) -> None:
    circuit = CIRCUITS[name]()
    found = submitter.run("ionq.simulator", ionq_circuit(circuit), SHOTS).get_results()["histogram"]
    shares = fold({int(state): share for state, share in found.items()}, circuit)
    exact = fold(states(name), circuit)
    assert all(abs(shares.get(outcome, 0) - exact.get(outcome, 0)) < 1e-9 for outcome in shares.keys() | exact.keys())


@pytest.mark.parametrize("name", sorted(set(STATIC) - RANDOM))
@pytest.mark.parametrize("target", sorted(set(taking("ionq.circuit.v1")) - {"ionq.simulator"}))
def test_an_ionq_circuit_on_devices_has_their_noise(submitter: Submitter, target: str, name: str) -> None:
    """Devices report all qubits: what the circuit measures of them is folded out of the shares."""
    circuit, count = flat(CIRCUITS[name]()), shots_for(name)
    found = submitter.run(target, ionq_circuit(circuit), count).get_results()["histogram"]
    whole = {int(state): round(share * count) for state, share in found.items()}
    assert sum(whole.values()) == count
    counts = {outcome: int(times) for outcome, times in fold(whole, circuit).items()}
    assert_alike(counts, sampled(name, TARGETS[target]["noise"]))
