"""Keys of counts as Qiskit writes them."""

from collections.abc import Mapping

from qiskit import QuantumCircuit


def key_order(circuit: QuantumCircuit) -> list[int | None]:
    """Give the classical bits in the order of a key; None is the space between registers."""
    order: list[int | None] = []
    for register in reversed(circuit.cregs):
        order += [None, *(circuit.find_bit(bit).index for bit in reversed(register))]
    return order[1:]


def key(bits: Mapping[int, int], circuit: QuantumCircuit) -> str:
    """Write classical bits as Qiskit does."""
    return "".join(" " if bit is None else str(bits.get(bit, 0)) for bit in key_order(circuit))
