"""Indices, ranges and sets applied to registers: `q[0]`, `q[-1]`, `q[0:2:6]`, `q[{0, 3}]`."""

from collections.abc import Callable, Sequence
from typing import Any

from quantum_jobs.programs.openqasm.values import Bits, Qubits, Refused, Unknown

Integer = Callable[[Any], int | Unknown]


def select(register: Qubits | Bits, index: Any, integer: Integer) -> Qubits | Bits:
    """Pick elements of a register; a range or set gives a register, an index one element.

    Raises:
        Refused: an index outside -n..n-1, an empty or endless range.
    """
    if not register.is_register:
        raise Refused(index, "a single qubit or bit has no index")
    chosen = _only(index)
    size = len(register.numbers if isinstance(register, Qubits) else register.bits)
    match type(chosen).__name__:
        case "RangeDefinition":
            return _picked(register, [_checked(chosen, place, size) for place in _slice(chosen, size, integer)], True)
        case "DiscreteSet":
            places = [_checked(item, _known(item, integer), size) for item in chosen.values]
            return _picked(register, places, True)
        case _:
            return _picked(register, [_checked(chosen, _known(chosen, integer), size)], False)


def _only(index: Any) -> Any:
    if type(index).__name__ != "IndexList":
        return index
    values = index.values
    if len(values) != 1:
        raise Refused(index, "registers have one dimension")
    return values[0]


def _picked(register: Qubits | Bits, places: Sequence[int], is_register: bool) -> Qubits | Bits:
    if isinstance(register, Qubits):
        return Qubits(tuple(register.numbers[place] for place in places), is_register)
    return Bits(tuple(register.bits[place] for place in places), is_register)


def _known(node: Any, integer: Integer) -> int:
    value = integer(node)
    if isinstance(value, Unknown):
        raise Refused(node, "an index must be known while reading")
    return value


def _checked(node: Any, place: int, size: int) -> int:
    if not -size <= place < size:
        raise Refused(node, f"index {place} is out of range; the register has {size} elements, 0..{size - 1}")
    return place % size


def _slice(node: Any, size: int, integer: Integer) -> range:
    step = 1 if node.step is None else _known(node.step, integer)
    if step == 0:
        raise Refused(node, "a range needs a step other than 0")
    first, last = (0, size - 1) if step > 0 else (size - 1, 0)
    start = first if node.start is None else _from_end(_known(node.start, integer), size)
    end = last if node.end is None else _from_end(_known(node.end, integer), size)
    for given in (start, end):
        _checked(node, given, size)
    places = inclusive_range(start, end, step)
    if not places:
        raise Refused(node, "the range holds no element")
    return places


def _from_end(place: int, size: int) -> int:
    return place + size if -size <= place < 0 else place


def inclusive_range(start: int, end: int, step: int) -> range:
    """Give OpenQASM's range, which contains its end."""
    return range(start, end + (1 if step > 0 else -1), step)
