"""Declarations: qubits, bits, variables, inputs and gates get their place under the limits."""

from collections.abc import Mapping
from typing import Any

from quantum_jobs.programs.ir import Bit, Register
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.numbers import converted
from quantum_jobs.programs.openqasm.standard_gates import BUILT_IN, RESERVED
from quantum_jobs.programs.openqasm.text import SourceText
from quantum_jobs.programs.openqasm.values import (
    Bits,
    GateDefinition,
    Number,
    Qubits,
    Refused,
    Scope,
    Unknown,
    Variable,
)


class Declarations:
    """What the program has declared so far."""

    def __init__(self, source: SourceText, expressions: Expressions, parameters: Mapping[str, float]) -> None:
        self._source = source
        self._limits = source.limits
        self._expressions = expressions
        self._given = parameters
        self._inputs: set[str] = set()
        self.qubit_count = self.bit_count = 0
        self.registers: list[Register] = []
        self.bound: dict[str, float] = {}

    def qubits(self, node: Any, scope: Scope) -> None:
        """Declare `qubit q`, `qubit[n] q` or `qreg q[n]`."""
        name = node.qubit.name
        with scope.declaring(name):
            size = self._size(node.qubit, node.size, scope, self._limits.qubits - self.qubit_count, "qubits")
        start, self.qubit_count = self.qubit_count, self.qubit_count + size
        scope.declare(node.qubit, name, Qubits(tuple(range(start, start + size)), node.size is not None))

    def bits(self, identifier: Any, size_node: Any, scope: Scope) -> None:
        """Declare `bit c`, `bit[n] c` or `creg c[n]`: a register of results."""
        with scope.declaring(identifier.name):
            size = self._size(identifier, size_node, scope, self._limits.bits - self.bit_count, "bits")
        self.bit_count += size
        number = len(self.registers)
        scope.declare(identifier, identifier.name, Bits(_bits(number, size), size_node is not None))
        self.registers.append(Register(identifier.name, size))

    def _size(self, identifier: Any, node: Any, scope: Scope, left: int, what: str) -> int:
        size = 1 if node is None else self._expressions.integer(node, scope)
        if isinstance(size, Unknown) or size < 1:
            raise Refused(node, f"a register needs a size of at least 1, not {size}")
        if size > left:
            most = self._limits.qubits if what == "qubits" else self._limits.bits
            raise Refused(node or identifier, f"the program has more than {most:,} {what}")
        return size

    def variable(self, node: Any, scope: Scope, branch: int) -> None:
        """Declare a classical variable or constant; without a value it is 0."""
        is_constant = type(node).__name__ == "ConstantDeclaration"
        with scope.declaring(node.identifier.name):
            kind, width = self._expressions.scalar_type(node.type, scope)
            initial: Number = 0 if node.init_expr is None else self._expressions.number(node.init_expr, scope)
            variable = Variable(converted(node, initial, kind, width), kind, width, is_constant, branch)
        scope.declare(node.identifier, node.identifier.name, variable)

    def input_or_output(self, node: Any, scope: Scope) -> None:
        """Declare an `input`, which takes its value from the parameters, or an `output` of bits."""
        name, is_bit = node.identifier.name, type(node.type).__name__ == "BitType"
        if node.io_keyword.value == "output":
            with scope.declaring(name):
                if not is_bit:
                    raise Refused(node.type, "an output can be bit or bit[n] only")
            self.bits(node.identifier, node.type.size, scope)
            return
        self._inputs.add(name)
        with scope.declaring(name):
            self._input(node, name, scope)

    def _input(self, node: Any, name: str, scope: Scope) -> None:
        kind, width = self._expressions.scalar_type(node.type, scope)
        if name not in self._given:
            raise Refused(node, f"the input {name!r} has no value: give it in the parameters")
        value = self._given[name]
        if kind in {"int", "uint"} and not float(value).is_integer():
            raise Refused(node, f"the input {name!r} is {value!r} and must be an integer")
        number = converted(node, value, kind, width)
        scope.declare(node.identifier, name, Variable(number, kind, width, True, 0))
        self.bound[name] = value

    def check_parameters(self) -> None:
        """Note parameters that the program does not ask for."""
        for name in self._given.keys() - self._inputs:
            self._source.refuse_parameter(name, f"the program has no input {name!r}")

    def gate(self, node: Any, scope: Scope, included: bool) -> GateDefinition:
        """Read the head of a gate definition.

        Raises:
            Refused: a name that is taken, by the language, an include or an earlier parameter.
        """
        name = node.name.name
        reserved = set(BUILT_IN[self._expressions.version])
        if included:
            reserved |= RESERVED[self._expressions.version]
        if name in reserved:
            raise Refused(node.name, f"gate {name!r} is defined already")
        if any(not hasattr(parameter, "name") for parameter in (*node.params, *node.qubits)):
            raise Refused(node)
        names = [parameter.name for parameter in (*node.params, *node.qubits)]
        if len(set(names)) != len(names):
            raise Refused(node.name, f"gate {name!r} names a parameter or qubit twice")
        return GateDefinition(
            name,
            tuple(parameter.name for parameter in node.params),
            tuple(qubit.name for qubit in node.qubits),
            tuple(node.body),
            scope,
        )


def _bits(register: int, size: int) -> tuple[Bit, ...]:
    return tuple(Bit(register, index) for index in range(size))
