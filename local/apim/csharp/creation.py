"""`new`: JObject, JArray and others with their initialisers, and arrays."""

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from local.apim.csharp import types
from local.apim.csharp.calls import choose_method, find_indexer, invoked
from local.apim.csharp.code import Code, Frame
from local.apim.csharp.compiler import Compiler, handles
from local.apim.csharp.conversion import implicit
from local.apim.csharp.grammar import field, named, text_of
from local.apim.csharp.overloads import Argument, choose
from local.apim.csharp.signatures import MEMBERS
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array


@handles("object_creation_expression")
def created(c: Compiler, node: Node) -> Code:
    type_ = c.type(field(node, "type"))
    members = MEMBERS.get(type_.name)
    if members is None or not members.constructors:
        raise c.refused(node, f"new {type_} is not run here")
    known = dict(zip("TRKV", type_.args, strict=False)) if type_.args else {}
    known = dict(zip((arg.name for arg in members.template.args), type_.args, strict=True)) or known
    arguments = node.child_by_field_name("arguments")
    empty = arguments or field(node, "type")
    made = invoked(c, empty, choose_method(c, empty, f"new {type_}", members.constructors, None, known), None)
    initializer = node.child_by_field_name("initializer")
    return _initialised(c, initializer, made) if initializer else made


def _initialised(c: Compiler, node: Node, made: Code) -> Code:
    """Compile `{ ["a"] = 1, { "b", 2 }, 3 }`: each is set or added in order."""
    place = c.scope.place()
    target = Code(made.type, lambda frame: frame[place])
    steps = [_step(c, element, target).run for element in named(node)]
    run = made.run

    def value(frame: Frame) -> Any:
        kept = run(frame)
        for step in steps:
            frame[place] = kept
            step(frame)
        return kept

    return Code(made.type, value)


def _step(c: Compiler, node: Node, target: Code) -> Code:
    if node.type == "assignment_expression":
        left = field(node, "left")
        if left.type != "element_binding_expression":
            raise c.refused(node, 'only ["name"] = value is run here in an initialiser')
        value = c.value(field(node, "right"))
        chosen = find_indexer(c, left, target.type, lambda members: members.setters, Argument(str(value.type), value))
        return invoked(c, node, chosen, target)
    values = [c.value(one) for one in (named(node) if node.type == "initializer_expression" else [node])]
    arguments = [Argument(str(value.type), value) for value in values]
    for upper in types.supertypes(target.type):
        methods = MEMBERS[upper.name].methods.get("Add", []) if upper.name in MEMBERS else []
        binding: dict[str, Type] = {}
        fits = methods and types.unify(MEMBERS[upper.name].template, upper, binding)
        if fits and (added := choose(methods, arguments, known=binding)):
            return invoked(c, node, added, target)
    raise c.refused(node, f"{text_of(node)} cannot be added to {target.type}")


@handles("array_creation_expression", "implicit_array_creation_expression")
def array(c: Compiler, node: Node) -> Code:
    initializer = next((one for one in named(node) if one.type == "initializer_expression"), None)
    if initializer is None:
        raise c.refused(node, "arrays are run here with their elements alone: new[] { ... }")
    items = [(one, c.value(one)) for one in named(initializer)]
    written = node.child_by_field_name("type")
    of = c.type(written).args[0] if written else _best(c, node, [code for _, code in items])
    runs = [c.converted(one, code, of).run for one, code in items]
    return Code(types.array_of(of), _collected(of, runs))


def _collected(of: Type, runs: list[Callable[[Frame], Any]]) -> Callable[[Frame], Any]:
    return lambda frame: Array.make(of, [run(frame) for run in runs])


def _best(c: Compiler, node: Node, codes: list[Code]) -> Type:
    """Give the type of one element that all others convert to."""
    for candidate in codes:
        if candidate.type != types.NULL and all(implicit(code, candidate.type) for code in codes):
            return candidate.type
    raise c.refused(node, "the elements have no common type: write new string[] { ... }")
