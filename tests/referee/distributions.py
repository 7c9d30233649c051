"""What the referee expects of a circuit, and whether counts agree with it.

Keys are Qiskit's: the last register first, registers apart by a space, within a register the highest bit first.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from operator import itemgetter

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error
from scipy.stats import chi2

from tests.referee.circuits import CIRCUITS, DYNAMIC, ONE_QUBIT, TWO_QUBITS, WIDE, flat
from tests.referee.keys import key_order

FALSE_ALARM = 1e-9
"""Of one comparison; the suite makes fewer than a thousand, so that right counts fail it once in a million runs."""


def measured(circuit: QuantumCircuit) -> dict[int, int]:
    """Give the qubit of each classical bit."""
    pairs = [item for item in circuit.data if item.operation.name == "measure"]
    return {circuit.find_bit(item.clbits[0]).index: circuit.find_bit(item.qubits[0]).index for item in pairs}


def fold(shares: Mapping[int, float], circuit: QuantumCircuit) -> dict[str, float]:
    """Add up shares of basis states (bit i = qubit i) by what the circuit measures of them."""
    qubits, width = measured(circuit), circuit.num_qubits
    # The last character of a number in binary is qubit 0; the space lies in front of it.
    places = [0 if bit is None else width - qubits[bit] for bit in key_order(circuit)]
    found: dict[str, float] = {}
    for state, share in shares.items():
        text = f" {state:0{width}b}"
        outcome = "".join([text[place] for place in places])
        found[outcome] = found.get(outcome, 0) + share
    return found


@cache
def states(name: str) -> dict[int, float]:
    """The exact probability of each basis state of all qubits, bit i = qubit i; only states that can come."""
    circuit = CIRCUITS[name]().remove_final_measurements(inplace=False)
    circuit.save_statevector()
    probabilities = AerSimulator(method="statevector").run(circuit).result().get_statevector().probabilities()
    return {state: float(probabilities[state]) for state in (probabilities > 1e-12).nonzero()[0].tolist()}


@cache
def exact(name: str) -> dict[str, float]:
    """The exact distribution of a circuit that measures at its end."""
    return fold(states(name), CIRCUITS[name]())


def sampled(name: str, noise: Mapping[str, float] | None = None, shots: int | None = None) -> dict[str, int]:
    """Counts of Aer for a circuit of flat gates with depolarizing errors after gates and flips when read."""
    return _sampled(name, tuple(sorted((noise or {}).items())), shots or (10_000 if name in WIDE else 50_000))


@cache
def _sampled(name: str, noise: tuple[tuple[str, float], ...], shots: int) -> dict[str, int]:
    simulator = AerSimulator(noise_model=_noise_model(dict(noise)), seed_simulator=7)
    return dict(simulator.run(flat(CIRCUITS[name]()), shots=shots).result().get_counts())


def _noise_model(noise: Mapping[str, float]) -> NoiseModel | None:
    if not noise:
        return None
    model = NoiseModel(basis_gates=[*ONE_QUBIT, *TWO_QUBITS])
    model.add_all_qubit_quantum_error(depolarizing_error(noise.get("one_qubit", 0), 1), ONE_QUBIT)
    model.add_all_qubit_quantum_error(depolarizing_error(noise.get("two_qubit", 0), 2), TWO_QUBITS)
    up, down = noise.get("read_0_as_1", 0), noise.get("read_1_as_0", 0)
    model.add_all_qubit_readout_error(ReadoutError([[1 - up, up], [down, 1 - down]]))
    return model


def assert_agrees(counts: Mapping[str, int], name: str) -> None:
    """Hold counts of a noiseless target against the referee: exact where the circuit measures at its end."""
    if name in DYNAMIC:
        assert_alike(counts, sampled(name))
        return
    assert_distributed(counts, exact(name))


def assert_distributed(counts: Mapping[str, int], probabilities: Mapping[str, float]) -> None:
    """Chi-square test of counts against exact probabilities; an outcome that cannot come is wrong by itself.

    Outcomes are put in order of probability and taken together until each cell expects twenty counts or more: a wide
    circuit, where no outcome comes twice, is held by how the counts lie among its likely and unlikely outcomes.
    """
    assert counts.keys() <= probabilities.keys(), f"impossible: {sorted(counts.keys() - probabilities.keys())[:5]}"
    shots = sum(counts.values())
    cells: list[tuple[int, float]] = []
    seen, expected = 0, 0.0
    for outcome, probability in sorted(probabilities.items(), key=itemgetter(1), reverse=True):
        seen, expected = seen + counts.get(outcome, 0), expected + probability * shots
        if expected >= max(20, shots / 200):
            cells.append((seen, expected))
            seen, expected = 0, 0.0
    if cells:
        last = cells.pop()
        cells.append((last[0] + seen, last[1] + expected))
    statistic = sum((count - mean) ** 2 / mean for count, mean in cells)
    assert len(cells) < 2 or chi2.sf(statistic, len(cells) - 1) > FALSE_ALARM, (counts, probabilities)


def assert_alike(counts: Mapping[str, int], referee: Mapping[str, int]) -> None:
    """Chi-square test of two samples; outcomes that are rare in both are one cell."""
    mine, theirs = sum(counts.values()), sum(referee.values())
    cells: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for outcome in counts.keys() | referee.keys():
        both = counts.get(outcome, 0) + referee.get(outcome, 0)
        cell = outcome if both * mine / (mine + theirs) >= 5 else "rare"
        cells[cell] += counts.get(outcome, 0)
        other[cell] += referee.get(outcome, 0)
    ratio = (theirs / mine) ** 0.5
    statistic = sum((cells[cell] * ratio - other[cell] / ratio) ** 2 / (cells[cell] + other[cell]) for cell in cells)
    assert len(cells) < 2 or chi2.sf(statistic, len(cells) - 1) > FALSE_ALARM, (dict(cells), dict(other))
