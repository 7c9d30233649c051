"""Statements of `@{ ... }`: locals, assignments, if, foreach, return."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tree_sitter import Node

from local.apim.csharp import hints, types
from local.apim.csharp.calls import find_indexer, invoked
from local.apim.csharp.code import Code, Frame, constant
from local.apim.csharp.compiler import Compiler
from local.apim.csharp.conversion import explicit
from local.apim.csharp.failures import null_reference
from local.apim.csharp.grammar import field, named, shortened, text_of
from local.apim.csharp.operators import combined
from local.apim.csharp.overloads import Argument
from local.apim.csharp.scope import Local
from local.apim.csharp.types import Type, supertypes
from local.apim.csharp.walking import pairs_of, walked


class _Signal:
    __slots__ = ()


NEXT: Final = _Signal()
"""A statement ends, and the next one follows."""
BREAK: Final = _Signal()
CONTINUE: Final = _Signal()

Run = Callable[[Frame], Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """`run` gives NEXT, BREAK, CONTINUE or what is returned; `ends` tells that nothing can follow it."""

    run: Run
    ends: bool = False


class Block:
    """Compiles statements that return a value of type `wanted`."""

    def __init__(self, compiler: Compiler, wanted: Type) -> None:
        self.c, self.wanted = compiler, wanted
        self._kinds: dict[str, Callable[[Node], Statement]] = {
            "block": self.block,
            "local_declaration_statement": self._declaration,
            "expression_statement": self._expression,
            "if_statement": self._if,
            "foreach_statement": self._foreach,
            "return_statement": self._return,
            "break_statement": lambda node: self._leaves(node, BREAK),
            "continue_statement": lambda node: self._leaves(node, CONTINUE),
            "empty_statement": lambda node: Statement(lambda frame: NEXT),
        }

    def body(self, node: Node) -> Code:
        """Compile the outermost block, which must return on every way through it."""
        made = self.block(node)
        if not made.ends:
            raise self.c.refused(node, f"not every way through it returns a value ({self.wanted} is wanted)")
        return Code(self.wanted, made.run)

    def statement(self, node: Node) -> Statement:
        found = self._kinds.get(node.type)
        if found is None:
            kind = node.type.replace("_", " ")
            reason = hints.SYNTAX.get(node.type, f"{kind} is not run here: {shortened(text_of(node))}")
            raise self.c.refused(node, reason)
        return found(node)

    def block(self, node: Node) -> Statement:
        with self.c.scope.level():
            statements = [self.statement(one) for one in named(node)]
        ends = any(one.ends for one in statements)
        runs = [one.run for one in statements]

        def run(frame: Frame) -> Any:
            for one in runs:
                result = one(frame)
                if result is not NEXT:
                    return result
            return NEXT

        return Statement(run, ends)

    def _declaration(self, node: Node) -> Statement:
        declaration = next((one for one in named(node) if one.type == "variable_declaration"), None)
        if declaration is None or node.children[0].type != "variable_declaration":
            raise self.c.refused(node, f"not run here: {shortened(text_of(node))}")
        written, *declarators = named(declaration)
        return _all_of([self._declarator(written, one) for one in declarators])

    def _declarator(self, written: Node, node: Node) -> Run:
        name = text_of(field(node, "name"))
        values = named(node)[1:]
        is_var = written.type == "implicit_type"
        if not values:
            if is_var:
                raise self.c.refused(node, f"var {name} needs a value")
            self.c.declare(node, name, self.c.type(written), assigned=False)
            return lambda frame: NEXT
        if values[0].type == "lambda_expression":
            raise self.c.refused(node, "lambdas are not kept in locals here; write them where they are used")
        type_ = None if is_var else self.c.type(written)
        code = self.c.value(values[0])
        made = self.c.converted(values[0], code, type_) if type_ else code
        local = self.c.declare(node, name, made.type, assigned=True)
        return self._stored(node, local, made)

    def _stored(self, node: Node, local: Local, made: Code) -> Run:
        if self.c.scope.loops > local.loops and made.type.name == "IEnumerable":
            raise self.c.refused(node, "a sequence that outlives its loop is evaluated later; add .ToArray()")
        place, run = local.place, made.run

        def store(frame: Frame) -> Any:
            frame[place] = run(frame)
            return NEXT

        return store

    def _expression(self, node: Node) -> Statement:
        inner = named(node)[0]
        if inner.type == "assignment_expression":
            return Statement(self._assignment(inner))
        if inner.type in ("postfix_unary_expression", "prefix_unary_expression"):
            return Statement(self._step(inner))
        if inner.type not in ("invocation_expression", "conditional_access_expression"):
            raise self.c.refused(inner, f"{shortened(text_of(inner))} is no statement")
        run = self.c.expression(inner).run

        def call(frame: Frame) -> Any:
            run(frame)
            return NEXT

        return Statement(call)

    def _step(self, node: Node) -> Run:
        """Compile `n++` and `--n`."""
        sign = next((one.type for one in node.children if one.type in ("++", "--")), None)
        target = named(node)[0]
        local = self.c.scope.find(text_of(target))
        if sign is None or local is None or local.type not in types.NUMBERS:
            raise self.c.refused(node, f"{shortened(text_of(node))} is no statement")
        one = constant(types.INT, 1)
        return self._to_local(node, target, combined(self.c, node, sign[0], self.c.identifier(target), one))

    def _assignment(self, node: Node) -> Run:
        left, right = field(node, "left"), field(node, "right")
        sign = text_of(field(node, "operator"))
        if left.type == "identifier":
            value = self.c.value(right)
            if sign != "=":
                value = self._compound(node, sign, self.c.identifier(left), value)
            return self._to_local(right, left, value)
        if left.type == "element_access_expression" and sign == "=":
            return self._to_element(left, right)
        raise self.c.refused(
            node, f"{shortened(text_of(left))} {sign} is not run here; locals and tokens are assigned to"
        )

    def _compound(self, node: Node, sign: str, left: Code, right: Code) -> Code:
        """Combine for `+=` and its like; the result is cast back where the right side fits the local's type."""
        made = combined(self.c, node, sign[:-1], left, right)
        if made.type == left.type or types.STRING in (made.type, right.type):
            return made
        self.c.converted(node, right, left.type)
        return explicit(made, left.type) or made

    def _to_local(self, node: Node, target: Node, value: Code) -> Run:
        local = self.c.scope.find(text_of(target))
        if local is None:
            self.c.identifier(target)
            raise self.c.refused(target, f"{text_of(target)} is no local")
        if local.fixed:
            raise self.c.refused(target, f"{local.name} belongs to its loop and is not assigned to")
        made = self.c.converted(node, value, local.type)
        self.c.scope.assigned |= {local.place}
        return self._stored(node, local, made)

    def _to_element(self, left: Node, right: Node) -> Run:
        receiver = self.c.value(field(left, "expression"))
        value = self.c.value(right)
        argument = Argument(str(value.type), value)
        chosen = find_indexer(
            self.c, field(left, "subscript"), receiver.type, lambda members: members.setters, argument
        )
        run = invoked(self.c, left, chosen, receiver).run

        def store(frame: Frame) -> Any:
            run(frame)
            return NEXT

        return store

    def _if(self, node: Node) -> Statement:
        condition = self.c.condition(field(node, "condition"))
        self.c.scope.assigned = condition.when_true
        first = self._embedded(field(node, "consequence"))
        after = self.c.scope.assigned
        self.c.scope.assigned = condition.when_false
        other = node.child_by_field_name("alternative")
        second = self._embedded(other) if other else Statement(lambda frame: NEXT)
        if second.ends:
            self.c.scope.assigned = after
        elif not first.ends:
            self.c.scope.assigned &= after
        if condition.code.is_constant:
            return first if condition.code.constant else second
        test, yes, no = condition.code.run, first.run, second.run
        return Statement(lambda frame: yes(frame) if test(frame) else no(frame), first.ends and second.ends)

    def _embedded(self, node: Node) -> Statement:
        if node.type == "local_declaration_statement":
            raise self.c.refused(node, "a local that nothing can use; put it into { }")
        with self.c.scope.level():
            return self.statement(node)

    def _foreach(self, node: Node) -> Statement:
        written, name = field(node, "type"), text_of(field(node, "left"))
        walked = field(node, "right")
        sequence = self.c.value(walked)
        element = _element(sequence.type)
        if element is None:
            raise self.c.refused(node, f"{sequence.type} cannot be walked through with foreach")
        change = self._loop_value(walked, element, None if written.type == "implicit_type" else self.c.type(written))
        before = self.c.scope.assigned
        self.c.scope.loops += 1
        with self.c.scope.level():
            place = self.c.declare(node, name, change.type, assigned=True, fixed=True).place
            body = self._embedded(field(node, "body"))
        self.c.scope.loops -= 1
        self.c.scope.assigned = before
        return Statement(_loop(sequence, place, change.run, body.run))

    def _loop_value(self, node: Node, element: Type, written: Type | None) -> Code:
        item = Code(element, lambda frame: frame[0])
        made = explicit(item, written) if written else item
        if made is None:
            raise self.c.refused(node, f"its elements are {element}, never {written}")
        return made

    def _return(self, node: Node) -> Statement:
        values = named(node)
        if not values:
            raise self.c.refused(node, f"return needs a value ({self.wanted} is wanted)")
        code = self.c.value(values[0])
        return Statement(self.c.converted(values[0], code, self.wanted).run, ends=True)

    def _leaves(self, node: Node, signal: _Signal) -> Statement:
        if not self.c.scope.loops:
            raise self.c.refused(node, f"{text_of(node)} stands in no loop")
        return Statement(lambda frame: signal, ends=True)


def _all_of(runs: list[Run]) -> Statement:
    if len(runs) == 1:
        return Statement(runs[0])

    def run(frame: Frame) -> Any:
        for one in runs:
            one(frame)
        return NEXT

    return Statement(run)


def _element(type_: Type) -> Type | None:
    """Give what foreach walks through: a JObject's pairs, else the elements of a sequence."""
    found = [upper.args[0] for upper in supertypes(type_) if upper.name == "IEnumerable"]
    return next((one for one in found if one.name == "KeyValuePair"), found[0] if found else None)


def _loop(sequence: Code, place: int, change: Run, body: Run) -> Run:
    walk = sequence.run
    items_of = pairs_of if sequence.type == types.J_OBJECT else walked

    def run(frame: Frame) -> Any:
        items = walk(frame)
        for item in null_reference() if items is None else items_of(items):
            frame[place] = change([item])
            result = body(frame)
            if result is BREAK:
                break
            if result is not NEXT and result is not CONTINUE:
                return result
        return NEXT

    return run
