"""Operations counted against the limits as they are made, for every reader that writes gates out."""

from collections.abc import Iterable, Sequence
from itertools import islice

from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.gates import flat_size
from quantum_jobs.programs.ir import Barrier, Gate, Measure, Operation, Reset
from quantum_jobs.programs.modifiers import control


class TooManyOperations(Exception):
    """The program is beyond the limit; the message says which."""


class Bounded:
    """Counts operations: gates as gates of the flat set, all others as one each."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.operations
        self._count = self._held = 0
        self.touched: set[int] = set()

    def taken(self, operations: Iterable[Operation]) -> list[Operation]:
        """Give the operations that have an effect, as far as the limit goes.

        Qubits start as |0>: a reset before the first use is left out, or it would make the program adaptive.

        Raises:
            TooManyOperations: more than the limit, counted before they are held.
        """
        made: list[Operation] = []
        for operation in operations:
            if self._is_idle(operation):
                continue
            self.spend(flat_size(operation.name) if isinstance(operation, Gate) else 1)
            made.append(operation)
        return made

    def spend(self, operations: int) -> None:
        """Count operations that are made elsewhere.

        Raises:
            TooManyOperations: more than the limit.
        """
        self._count += operations
        if self._count > self._most:
            raise TooManyOperations(f"the program has more than {self._most:,} operations")

    def held(self, gates: Iterable[Gate]) -> list[Gate]:
        """Hold gates that are not operations of the program yet: in all as many as it may have.

        Raises:
            TooManyOperations: there are more.
        """
        made = list(islice(gates, self._most - self._held + 1))
        self._held += len(made)
        if self._held > self._most:
            raise TooManyOperations(f"the gates that the program defines stand for more than {self._most:,} gates")
        return made

    def _is_idle(self, operation: Operation) -> bool:
        match operation:
            case Gate(name, qubits):
                self.touched.update(qubits)
                return name in {"gphase", "id"}
            case Measure(qubit):
                self.touched.add(qubit)
            case Reset(qubit):
                return qubit not in self.touched
            case Barrier(qubits):
                return not qubits
        return False


def controlled_by(gates: Sequence[Gate], controls: Sequence[int]) -> Iterable[Gate]:
    """Run gates where all controls are 1; without controls as they are."""
    return control(gates, controls, [True] * len(controls)) if controls else gates
