"""Carry an OpenQASM program out, statement by statement, with the measurements left open: what remains is the IR.

Loops are unrolled and gates inlined under the limits; a faulty statement is noted and the next one read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from quantum_jobs.programs.branches import branched, placements
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.gates import flat_size
from quantum_jobs.programs.ir import Gate, Operation, Register, walk
from quantum_jobs.programs.openqasm.calls import Call, GateCalls
from quantum_jobs.programs.openqasm.conditions import Conditions
from quantum_jobs.programs.openqasm.declarations import Declarations
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.loops import iterated
from quantum_jobs.programs.openqasm.numbers import converted
from quantum_jobs.programs.openqasm.operations import Operations
from quantum_jobs.programs.openqasm.possible import check_possible
from quantum_jobs.programs.openqasm.standard_gates import INCLUDES
from quantum_jobs.programs.openqasm.text import SourceText
from quantum_jobs.programs.openqasm.values import (
    BROKEN,
    UNKNOWN,
    Bits,
    Exhausted,
    GateDefinition,
    Number,
    Qubits,
    Refused,
    Scope,
    Unknown,
    Variable,
)


class _Ended(Exception):
    """The program said `end`."""


class Statements:
    """Reads statements into operations."""

    def __init__(self, source: SourceText, expressions: Expressions, parameters: Mapping[str, float]) -> None:
        self._source = source
        self._limits: Limits = source.limits
        self._expressions = expressions
        self._declarations = Declarations(source, self._expressions, parameters)
        self._calls = GateCalls(expressions.version, self._expressions, self._limits.operations, self._inlined)
        self._conditions = Conditions(self._expressions, lambda bit: bit in self._operations.measured)
        self._scope = Scope()
        self._operations = Operations(source, self._expressions)
        self._branch = 0
        self._handlers: dict[str, Callable[[Any], None]] = {
            "QubitDeclaration": lambda node: self._declarations.qubits(node, self._scope),
            "ClassicalDeclaration": self._declare,
            "ConstantDeclaration": self._declare,
            "IODeclaration": lambda node: self._declarations.input_or_output(node, self._scope),
            "AliasStatement": self._alias,
            "QuantumGateDefinition": self._define_gate,
            "Include": self._include,
            "QuantumGate": lambda node: self._apply(node, self._calls.read(node, self._scope)),
            "QuantumPhase": lambda node: self._apply(node, self._calls.read_phase(node, self._scope)),
            "QuantumMeasurementStatement": lambda node: self._operations.measure(
                node, node.qubits, node.target, self._scope
            ),
            "ClassicalAssignment": self._assign,
            "CompoundAssignment": self._assign,
            "QuantumReset": lambda node: self._operations.reset(node, self._scope),
            "QuantumBarrier": lambda node: self._operations.barrier(node, self._scope, self.qubit_count),
            "BranchingStatement": self._if,
            "ForInLoop": self._for,
            "CompoundStatement": lambda node: self._block(node.statements),
            "Box": self._box,
            "EndStatement": self._end,
        }

    @property
    def registers(self) -> tuple[Register, ...]:
        """The bit registers in order of declaration."""
        return tuple(self._declarations.registers)

    @property
    def qubit_count(self) -> int:
        """Number of declared qubits."""
        return self._declarations.qubit_count

    @property
    def parameters(self) -> tuple[tuple[str, float], ...]:
        """Inputs with the values bound to them."""
        return tuple(self._declarations.bound.items())

    def read(self, statements: Iterable[Any]) -> tuple[Operation, ...]:
        """Read a whole program; faults go to the source text."""
        try:
            self._all(statements)
        except Exhausted as stop:
            self._source.refuse(stop.span, stop.detail)
        except _Ended:
            pass
        self._declarations.check_parameters()
        return tuple(self._operations.sink)

    def _all(self, statements: Iterable[Any]) -> None:
        for statement in statements:
            if self._source.is_full:
                return
            self._one(statement)

    def _one(self, node: Any) -> None:
        self._operations.step(node)
        kind = type(node).__name__
        try:
            check_possible(node, in_gate=self._operations.in_gate, at_top=self._scope.outer is None)
            # The parser leaves placeholders for what it could not read and has reported.
            self._handlers.get(kind, lambda _: None)(node)
        except Exhausted:
            raise
        except Refused as refused:
            self._operations.note(refused)

    def _apply(self, node: Any, call: Call) -> None:
        self._operations.apply(node, call, self._calls, self._scope)

    def _block(self, statements: Iterable[Any], names: Mapping[str, Variable] | None = None) -> None:
        outer, self._scope = self._scope, Scope(self._scope, names)
        try:
            self._all(statements)
        finally:
            self._scope = outer

    # Declarations

    def _declare(self, node: Any) -> None:
        initial = getattr(node, "init_expr", None)
        is_measured = type(initial).__name__ == "QuantumMeasurement"
        if type(node.type).__name__ != "BitType":
            with self._scope.declaring(node.identifier.name):
                if is_measured:
                    raise Refused(node.type, "measure gives bits: declare it as bit or bit[n]")
                self._declarations.variable(node, self._scope, self._branch)
            return
        with self._scope.declaring(node.identifier.name):
            if self._scope.outer is not None:
                raise Refused(node, "bits can be declared at the top level only: they are the program's results")
        self._declarations.bits(node.identifier, node.type.size, self._scope)
        if is_measured:
            self._operations.measure(node, node.init_expr.qubits, node.identifier, self._scope)
        elif initial is not None and not self._is_zero(initial):
            raise Refused(initial, "bits start as 0; another value cannot be given to them")

    def _is_zero(self, node: Any) -> bool:
        value = self._expressions.value(node, self._scope)
        return getattr(value, "value", value) in (0, False)

    def _alias(self, node: Any) -> None:
        if not hasattr(node.target, "name"):
            raise Refused(node)
        with self._scope.declaring(node.target.name):
            meaning = self._named_by(node)
            self._scope.declare(node.target, node.target.name, meaning)

    def _named_by(self, node: Any) -> Qubits | Bits:
        values = [self._expressions.value(part, self._scope) for part in node.exprs]
        if len(values) == 1 and isinstance(values[0], Qubits | Bits):
            return values[0]
        qubits = [value.numbers for value in values if isinstance(value, Qubits)]
        bits = [value.bits for value in values if isinstance(value, Bits)]
        if len(qubits) == len(values):
            return Qubits(tuple(chain.from_iterable(qubits)), True)
        if len(bits) == len(values):
            return Bits(tuple(chain.from_iterable(bits)), True)
        raise Refused(node, "let names qubits or bits")

    def _include(self, node: Any) -> None:
        if node.filename not in INCLUDES:
            raise Refused(node, f"{node.filename!r} cannot be included; {', '.join(sorted(INCLUDES))} can")
        self._calls.included = True

    def _define_gate(self, node: Any) -> None:
        with self._scope.declaring(node.name.name):
            definition = self._declarations.gate(node, self._scope, self._calls.included)
        before = self._source.fault_count
        self._run_gate(definition, [UNKNOWN] * len(definition.parameters))
        meaning = definition if self._source.fault_count == before else BROKEN
        self._scope.declare(node.name, definition.name, meaning)

    def _inlined(self, definition: GateDefinition, angles: Sequence[float]) -> list[Gate]:
        return [item for item in self._run_gate(definition, angles) if isinstance(item, Gate)]

    def _run_gate(self, definition: GateDefinition, angles: Sequence[float | Unknown]) -> list[Operation]:
        """Carry a gate's body out on qubits 0, 1, ... of its own."""
        names: dict[str, Any] = {name: Qubits((place,), False) for place, name in enumerate(definition.qubits)}
        names |= {
            name: Variable(value, "angle", None, True, 0)
            for name, value in zip(definition.parameters, angles, strict=True)
        }
        outer, self._scope = self._scope, Scope(definition.scope, names, of_gate=True)
        try:
            with self._operations.collected(in_gate=True) as gates:
                self._all(definition.body)
            return gates
        finally:
            self._scope = outer

    # Classical statements and control flow

    def _assign(self, node: Any) -> None:
        if type(node.rhs).__name__ == "QuantumMeasurement":
            self._operations.measure(node, node.rhs.qubits, node.lhs, self._scope)
            return
        target = self._scope.find(getattr(node.lhs, "name", "")) if type(node.lhs).__name__ == "Identifier" else None
        if not isinstance(target, Variable):
            self._expressions.value(node.lhs, self._scope)
            raise Refused(node, "only variables and, by measurement, bits can be assigned to")
        if target.is_constant:
            raise Refused(node, f"{node.lhs.name} is constant")
        if target.branch != self._branch:
            raise Refused(node, "a variable from outside cannot change inside a branch on measured bits")
        target.value = converted(node, self._assigned(node), target.kind, target.width)

    def _assigned(self, node: Any) -> Number:
        if type(node).__name__ == "CompoundAssignment":
            return self._expressions.combined(node, self._scope)
        return self._expressions.number(node.rhs, self._scope)

    def _if(self, node: Any) -> None:
        condition = self._conditions.read(node.condition, self._scope)
        if isinstance(condition, bool):
            taken, other = (node.if_body, node.else_body) if condition else (node.else_body, node.if_body)
            if self._conditions.depends_on_bits(node.condition, self._scope):
                self._check_only(other)
            if taken is not None:
                self._block([taken])
            return
        known = self._operations
        measured, touched = set(known.measured), set(known.touched)
        then = self._arm(node.if_body)
        after_then = known.measured, known.touched
        known.measured, known.touched = measured, touched
        otherwise = self._arm(node.else_body)
        known.measured, known.touched = known.measured | after_then[0], known.touched | after_then[1]
        self._charge_copies(node, placements(condition), (then, otherwise))
        self._operations.sink.extend(branched(condition, then, otherwise))

    def _check_only(self, body: Any) -> None:
        """Find the faults of an arm that cannot run because its bits are not measured yet."""
        known = self._operations
        before = set(known.measured), set(known.touched)
        self._arm(body)
        known.measured, known.touched = before

    def _arm(self, body: Any) -> tuple[Operation, ...]:
        self._branch += 1
        try:
            with self._operations.collected() as arm:
                if body is not None:
                    self._block([body])
            return tuple(arm)
        finally:
            self._branch -= 1

    def _charge_copies(self, node: Any, counts: tuple[int, int], arms: Sequence[Sequence[Operation]]) -> None:
        """Count the branches, and the arms as often as a compound condition places them."""
        self._operations.spend(node, sum(counts))
        for count, arm in zip(counts, arms, strict=True):
            size = sum(flat_size(item.name) if isinstance(item, Gate) else 1 for item in walk(tuple(arm)))
            self._operations.spend(node, max(count - 1, 0) * size)

    def _for(self, node: Any) -> None:
        kind, width = self._expressions.scalar_type(node.type, self._scope)
        values = iterated(node.iterable, self._expressions, self._scope)
        if len(values) > self._limits.operations:
            limit = self._limits.operations
            raise Refused(node.iterable, f"the loop runs {len(values):,} times; at most {limit:,} are taken")
        body = node.body
        for value in values:
            before = self._source.fault_count
            variable = Variable(converted(node.iterable, value, kind, width), kind, width, False, self._branch)
            self._operations.step(node)
            self._block([body], {node.identifier.name: variable})
            if self._source.fault_count > before:
                break

    def _box(self, node: Any) -> None:
        if node.duration is not None:
            raise Refused(node.duration, "a box with a duration is not supported: targets choose their own timing")
        self._block(node.body)

    def _end(self, node: Any) -> None:
        raise _Ended
