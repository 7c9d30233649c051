"""Finds the measurements of a block that may be read off its final state, all shots at once."""

from dataclasses import dataclass

from local.execution.program import Block, Gate, Measure, ReadResult, Reset


@dataclass(frozen=True)
class Deferred:
    """Positions in a block: measurements to be read at the end, and resets that change nothing seen."""

    measurements: frozenset[int] = frozenset()
    dropped_resets: frozenset[int] = frozenset()

    @property
    def positions(self) -> frozenset[int]:
        return self.measurements | self.dropped_resets


def final_measurements(block: Block) -> Deferred:
    """Look backwards: a measurement can wait when nothing later touches its qubit or reads its result."""
    if block.next is not None:
        return Deferred()
    touched: set[int] = set()
    observed: set[int] = set()
    read: set[int] = set()
    measurements, resets = set(), set()
    for index in range(len(block.operations) - 1, -1, -1):
        match block.operations[index]:
            case Gate() as gate:
                touched.update(gate.touched)
            case ReadResult(result=result):
                read.add(result)
            case Reset(qubit=qubit) if qubit not in touched | observed:
                resets.add(index)
            case Reset(qubit=qubit):
                touched.add(qubit)
            case Measure(qubit=qubit, result=result) if qubit not in touched and result not in read:
                measurements.add(index)
                observed.add(qubit)
            case Measure(qubit=qubit):
                touched.add(qubit)
            case _:
                pass
    return Deferred(frozenset(measurements), frozenset(resets))


def measures_only_at_its_end(block: Block) -> bool:
    """Tell whether no operation depends on a measurement or a reset: what the base profile asks for."""
    deferred = final_measurements(block)
    kept = (operation for index, operation in enumerate(block.operations) if index not in deferred.positions)
    return block.next is None and not any(isinstance(operation, Measure | Reset) for operation in kept)
