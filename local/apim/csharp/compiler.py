"""The compiler's middle: finds who compiles a node, resolves names and types, and refuses what nobody knows."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tree_sitter import Node

from local.apim.csharp import hints, types
from local.apim.csharp.code import CONTEXT, Code
from local.apim.csharp.conversion import implicit
from local.apim.csharp.grammar import Source, field, named, near, shortened, text_of
from local.apim.csharp.scope import Local, Scope
from local.apim.csharp.signatures import MEMBERS
from local.apim.csharp.types import SYNONYMS, Type
from local.apim.errors import PolicyRefused


class Condition(NamedTuple):
    """A truth, and which places hold a value after it when it is true and when it is false."""

    code: Code
    when_true: frozenset[int]
    when_false: frozenset[int]


class Compiler:
    """Compiles one expression; `handlers` compile the kinds of nodes, `conditions` those that steer assignments."""

    handlers: dict[str, Callable[["Compiler", Node], Code]] = {}
    conditions: dict[str, Callable[["Compiler", Node], Condition | None]] = {}

    def __init__(self, source: Source) -> None:
        self.source, self.scope = source, Scope()

    def refused(self, node: Node, reason: str) -> PolicyRefused:
        return self.source.refused(node, reason)

    def expression(self, node: Node) -> Code:
        """Compile a node that gives a value, or void for a call."""
        found = self._condition(node)
        if found:
            self.scope.assigned = found.when_true & found.when_false
            return found.code
        handler = self.handlers.get(node.type)
        if handler is None:
            kind = node.type.replace("_", " ")
            raise self.refused(node, hints.SYNTAX.get(node.type, f"{kind} is not run here: {shortened(text_of(node))}"))
        return handler(self, node)

    def value(self, node: Node) -> Code:
        """Compile a node that must give a value."""
        code = self.expression(node)
        if code.type == types.VOID:
            raise self.refused(node, f"{shortened(text_of(node))} gives no value")
        return code

    def _condition(self, node: Node) -> Condition | None:
        handler = self.conditions.get(node.type)
        return handler(self, node) if handler else None

    def condition(self, node: Node) -> Condition:
        """Compile a bool; afterwards `scope.assigned` is for the caller to choose."""
        found = self._condition(node)
        if found is None:
            code = self.converted(node, self.value(node), types.BOOL)
            found = Condition(code, self.scope.assigned, self.scope.assigned)
        if found.code.type != types.BOOL:
            raise self.refused(node, f"{shortened(text_of(node))} is {found.code.type}, and must be bool")
        return found

    def converted(self, node: Node, code: Code, to: Type) -> Code:
        """Convert as C# does unasked, or refuse with what would convert."""
        found = implicit(code, to)
        if found is None:
            what = "nothing" if code.type == types.VOID else str(code.type)
            hint = hints.conversion(code.type, to)
            raise self.refused(node, f"{shortened(text_of(node))} is {what}, where {to} is wanted{hint}")
        return found

    def type(self, node: Node) -> Type:
        """Resolve a type that is written out."""
        if node.type == "nullable_type":
            inner = self.type(field(node, "type"))
            if not types.is_value(inner) or types.is_nullable(inner):
                raise self.refused(node, f"{inner}? is no type of C# 7: {inner} may be null already")
            return types.nullable(inner)
        if node.type == "array_type":
            if text_of(field(node, "rank")) != "[]":
                raise self.refused(node, "only arrays of one dimension, without a size, are run here")
            return types.array_of(self.type(field(node, "type")))
        if node.type == "generic_name":
            return self._generic(node)
        found = self.type_named(text_of(node))
        if found is None:
            raise self.refused(node, self.unknown_type(text_of(node)))
        return found

    def _generic(self, node: Node) -> Type:
        name, arguments = named(node)
        found = MEMBERS.get(text_of(name))
        if found is None or len(found.template.args) != len(named(arguments)):
            raise self.refused(node, self.unknown_type(text_of(node)))
        return Type(text_of(name), tuple(map(self.type, named(arguments))))

    def type_named(self, name: str) -> Type | None:
        """Give the type of a name without type arguments, with or without its namespace."""
        bare = name.removeprefix("global::")
        for namespace in ("System.", "Newtonsoft.Json.Linq.", "Newtonsoft.Json.", "System.Linq."):
            if bare.startswith(namespace):
                bare = bare.removeprefix(namespace)
                break
        bare = SYNONYMS.get(bare, bare)
        found = MEMBERS.get(bare)
        return found.template if found and not found.template.args and bare not in hints.UNNAMED else None

    def unknown_type(self, name: str) -> str:
        if reason := hints.TYPES.get(name.rpartition(".")[2].partition("<")[0]):
            return f"{name}: {reason}"
        return f"the type {name} is not known here{near(name, MEMBERS.keys() - hints.UNNAMED)}"

    def identifier(self, node: Node) -> Code:
        """Compile a name that stands for a value."""
        name = text_of(node)
        if name == "context":
            return Code(Type("Context"), lambda frame: frame[CONTEXT])
        local = self.scope.find(name)
        if local is None:
            known = {"context", *self.scope.names(), *(MEMBERS.keys() - hints.UNNAMED)}
            reason = hints.TYPES.get(name)
            raise self.refused(node, f"{name}: {reason}" if reason else f"{name} is not known here{near(name, known)}")
        if local.place not in self.scope.assigned:
            raise self.refused(node, f"{name} is read here before it surely has a value")
        place = local.place
        return Code(local.type, lambda frame: frame[place])

    def declare(self, node: Node, name: str, type_: Type, *, assigned: bool, fixed: bool = False) -> Local:
        """Declare a local; C# lets no local hide another."""
        if name == "context" or self.scope.find(name) is not None:
            raise self.refused(node, f"{name} is declared already")
        if type_ in (types.NULL, types.VOID):
            raise self.refused(node, f"the type of {name} cannot be told from {type_}: write it out")
        return self.scope.declare(name, type_, assigned=assigned, fixed=fixed)


def handles(*kinds: str) -> Callable[[Callable[[Compiler, Node], Code]], Callable[[Compiler, Node], Code]]:
    """Register what compiles nodes of these kinds."""

    def register(handler: Callable[[Compiler, Node], Code]) -> Callable[[Compiler, Node], Code]:
        Compiler.handlers.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def decides(*kinds: str) -> Callable[[Callable[[Compiler, Node], Any]], Callable[[Compiler, Node], Any]]:
    """Register what compiles nodes of these kinds when assignments depend on their truth."""

    def register(handler: Callable[[Compiler, Node], Any]) -> Callable[[Compiler, Node], Any]:
        Compiler.conditions.update(dict.fromkeys(kinds, handler))
        return handler

    return register
