"""Shots that have had the same outcomes and errors so far, and the quantum state that they share."""

from dataclasses import dataclass, field

import numpy as np
import qulacs
from numpy.typing import NDArray

from local.execution.program import Number, Operation
from local.execution.stabilizer import StabilizerState

type QuantumState = qulacs.QuantumState | StabilizerState


@dataclass(eq=False)
class Group:
    """Shots with one history."""

    state: QuantumState
    shots: int
    block: int = 0
    position: int = 0
    values: dict[int, Number] = field(default_factory=dict)
    bits: dict[int, int] = field(default_factory=dict)
    deferred: dict[int, int] = field(default_factory=dict)
    """Result -> qubit, for measurements that nothing later depends on: read off the final state, all shots at once."""
    output: list[Operation] = field(default_factory=list)

    def with_shots(self, shots: int, *, copy: bool) -> "Group":
        return Group(
            self.state.copy() if copy else self.state,
            shots,
            self.block,
            self.position,
            dict(self.values),
            dict(self.bits),
            dict(self.deferred),
            list(self.output),
        )

    @property
    def qubits(self) -> int:
        return int(self.state.get_qubit_count())

    def grow(self, qubits: int) -> None:
        """Make room for so many qubits; new ones are |0>."""
        if isinstance(self.state, StabilizerState):
            self.state = StabilizerState(qubits, self.state.simulator)
        else:
            added = qulacs.QuantumState(qubits - self.qubits)
            self.state = qulacs.state.tensor_product(added, self.state)


def sampled(state: QuantumState, places: NDArray[np.int64], shots: int, seed: int) -> NDArray[np.int64]:
    """Measure some qubits of so many copies of a state; rows are shots."""
    if isinstance(state, StabilizerState):
        return state.sample(places, shots, seed)
    return np.array(state.sampling(shots, seed), dtype=np.int64)[:, None] >> places & 1
