"""Chains of members, calls and indexers: `context.Request.Headers["X"][0].Length`, with `?.` on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tree_sitter import Node

from local.apim.csharp import hints, types
from local.apim.csharp.code import Code, Frame
from local.apim.csharp.compiler import Compiler, handles
from local.apim.csharp.failures import null_reference
from local.apim.csharp.grammar import field, named, near, shortened, text_of
from local.apim.csharp.lambdas import lambda_argument
from local.apim.csharp.overloads import Argument, Chosen, NotOne, choose
from local.apim.csharp.signatures import MEMBERS, Members, Method, Property
from local.apim.csharp.types import Type, substitute, supertypes, unify

CHAINED = {
    "member_access_expression": "expression",
    "invocation_expression": "function",
    "element_access_expression": "expression",
    "conditional_access_expression": "condition",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One step: a member (`name`, `generic` types), a call, an index, or the question mark before the next."""

    kind: str
    node: Node
    name: str = ""
    generic: Node | None = None


@handles(*CHAINED)
def chain(c: Compiler, node: Node) -> Code:
    base, links = _flatten(node)
    if base.type in ("predefined_type", "identifier", "generic_name") and not _is_value_name(c, base):
        return _from_type(c, base, links)
    return _follow(c, c.value(base), links)


@handles("identifier")
def name(c: Compiler, node: Node) -> Code:
    return c.identifier(node)


def _is_value_name(c: Compiler, node: Node) -> bool:
    return text_of(node) == "context" or c.scope.find(text_of(node)) is not None


def _flatten(node: Node) -> tuple[Node, list[Link]]:
    links: list[Link] = []
    while node.type in CHAINED:
        links[:0] = _links(node)
        node = field(node, CHAINED[node.type])
    return node, links


def _links(node: Node) -> list[Link]:
    if node.type == "member_access_expression":
        return [_member_link(field(node, "name"))]
    if node.type == "invocation_expression":
        return [Link("call", field(node, "arguments"))]
    if node.type == "element_access_expression":
        return [Link("index", field(node, "subscript"))]
    binding = named(node)[1]
    if binding.type == "member_binding_expression":
        return [Link("?", node), _member_link(field(binding, "name"))]
    return [Link("?", node), Link("index", binding)]


def _member_link(node: Node) -> Link:
    if node.type == "generic_name":
        identifier, arguments = named(node)
        return Link("member", node, text_of(identifier), arguments)
    return Link("member", node, text_of(node))


def _from_type(c: Compiler, base: Node, links: list[Link]) -> Code:
    """Begin at a type: `int.Parse(...)`, `System.Math.Max(...)`, `Formatting.None`."""
    name, taken = text_of(base), 0
    while c.type_named(name) is None and taken < len(links) - 1 and links[taken].kind == "member":
        if not (base.type == "identifier" and name.partition(".")[0] in ("System", "Newtonsoft")):
            break
        name += f".{links[taken].name}"
        taken += 1
    type_ = c.type_named(name)
    if type_ is None:
        c.identifier(base)
        raise c.refused(base, c.unknown_type(name))
    link, *rest = links[taken:]
    if link.kind != "member":
        raise c.refused(link.node, f"{name} is a type, not a value")
    members = MEMBERS[type_.name]
    if rest and rest[0].kind == "call":
        return _follow(c, _static_call(c, members, link, rest[0]), rest[1:])
    return _follow(c, _static_property(c, members, link), rest)


def _static_property(c: Compiler, members: Members, link: Link) -> Code:
    found = members.static_properties.get(link.name)
    if found is None:
        raise c.refused(link.node, _unknown_static(members, link.name))
    type_, run, is_constant = found
    return Code(type_, run, run([])) if is_constant else Code(type_, run)


def _unknown_static(members: Members, name: str) -> str:
    type_ = members.template
    if reason := hints.MEMBERS.get((type_.name, name)):
        return f"{type_}.{name}: {reason}"
    if name in members.methods or name in members.properties:
        return f"{name} is a member of a {type_} value, not of the type"
    if name in members.statics:
        return f"{type_}.{name} is a method; call it with ()"
    return f"{type_}.{name} is not known here{near(name, [*members.statics, *members.static_properties])}"


def _static_call(c: Compiler, members: Members, link: Link, call: Link) -> Code:
    methods = members.statics.get(link.name)
    if methods is None or (members.template.name, link.name) in hints.MEMBERS:
        raise c.refused(link.node, _unknown_static(members, link.name))
    chosen = choose_method(c, call.node, f"{members.template}.{link.name}", methods, link.generic, {})
    return invoked(c, call.node, chosen, None)


def _follow(c: Compiler, receiver: Code, links: list[Link]) -> Code:
    while links:
        link, *links = links
        if receiver.type == types.VOID:
            raise c.refused(link.node, "the call before it gives no value")
        if link.kind == "?":
            return _conditional(c, link, receiver, links)
        if link.kind == "index":
            receiver = _indexed(c, link, receiver)
        elif link.kind == "call":
            raise c.refused(link.node, "only methods can be called")
        elif links and links[0].kind == "call":
            receiver = _call(c, link, links.pop(0), receiver)
        else:
            receiver = _property(c, link, receiver)
    return receiver


def _conditional(c: Compiler, link: Link, receiver: Code, links: list[Link]) -> Code:
    """Compile the rest of a chain behind `?.`: null makes all of it null."""
    if not types.accepts_null(receiver.type):
        raise c.refused(link.node, f"{receiver.type} is never null, so ?. has nothing to do")
    inner = receiver.type.args[0] if types.is_nullable(receiver.type) else receiver.type
    place, before = c.scope.place(), c.scope.assigned
    rest = _follow(c, Code(inner, lambda frame: frame[place]), links)
    c.scope.assigned = before
    run, then = receiver.run, rest.run

    def value(frame: Frame) -> Any:
        found = run(frame)
        if found is None:
            return None
        frame[place] = found
        return then(frame)

    type_ = rest.type
    return Code(type_ if type_ == types.VOID or types.accepts_null(type_) else types.nullable(type_), value)


def _property(c: Compiler, link: Link, receiver: Code) -> Code:
    found = find_property(receiver.type, link.name)
    if found is None or (receiver.type.name, link.name) in hints.MEMBERS:
        raise c.refused(link.node, _unknown_member(receiver.type, link.name))
    owner, made = found
    run, get = receiver.run, made.run
    type_ = substitute(made.type, owner)
    if types.is_value(receiver.type):
        return receiver.then(type_, get)

    def value(frame: Frame) -> Any:
        found = run(frame)
        return null_reference() if found is None else get(found)

    return Code(type_, value)


def find_property(type_: Type, name: str) -> tuple[dict[str, Type], Property] | None:
    """Find a property on a type or those it stands for, with their type variables bound."""
    for upper in supertypes(type_):
        members = MEMBERS.get(upper.name)
        if members and name in members.properties:
            binding: dict[str, Type] = {}
            unify(members.template, upper, binding)
            return binding, members.properties[name]
    return None


def _unknown_member(type_: Type, name: str) -> str:
    for upper in supertypes(type_):
        if reason := hints.MEMBERS.get((upper.name, name)):
            return f"{type_}.{name}: {reason}"
    tables = [MEMBERS[upper.name] for upper in supertypes(type_) if upper.name in MEMBERS]
    if any(name in members.methods for members in tables):
        return f"{type_}.{name} is a method; call it with ()"
    if any(name in members.properties for members in tables):
        return f"{type_}.{name} is a property; leave out ()"
    if any(name in members.statics or name in members.static_properties for members in tables):
        return f"{name} is a member of the type {type_}, not of a value"
    known = {one for members in tables for one in (*members.methods, *members.properties)}
    return f"{type_} has no {name} here{near(name, known)}"


def _indexed(c: Compiler, link: Link, receiver: Code) -> Code:
    chosen = find_indexer(c, link.node, receiver.type, lambda members: members.indexers)
    return invoked(c, link.node, chosen, receiver)


def find_indexer(
    c: Compiler, node: Node, type_: Type, which: Callable[[Members], list[Method]], value: Argument | None = None
) -> Chosen:
    """Find the indexer, or its setter with the `value` to assign, that fits the arguments."""
    arguments = [*_arguments(c, node), *([value] if value else [])]
    seen: list[Method] = []
    for upper in supertypes(type_):
        members = MEMBERS.get(upper.name)
        methods = which(members) if members else []
        seen += methods
        binding: dict[str, Type] = {}
        if members and methods and unify(members.template, upper, binding):
            chosen = _chosen(c, node, methods, arguments, binding, ())
            if chosen:
                return chosen
    given = ", ".join(argument.text for argument in arguments)
    what = "assigned to at" if value else "indexed with"
    raise c.refused(node, f"{type_} cannot be {what} {given}" + _list(seen))


def _list(methods: list[Method]) -> str:
    return f"; there are: {'; '.join(method.signature for method in methods)}" if methods else ""


def _call(c: Compiler, link: Link, call: Link, receiver: Code) -> Code:
    """Compile a call of a method: those of the type before those it stands for, extensions last."""
    if (receiver.type.name, link.name) in hints.MEMBERS:
        raise c.refused(link.node, _unknown_member(receiver.type, link.name))
    groups = list(_groups(receiver.type, link.name))
    if not groups:
        raise c.refused(link.node, _unknown_member(receiver.type, link.name))
    if receiver.type == types.J_OBJECT and MEMBERS["IEnumerable"].methods.get(link.name) == groups[0][1]:
        raise c.refused(link.node, f"JObject.{link.name} could mean its pairs or its tokens; write .Properties()")
    arguments, explicit = _arguments(c, call.node), _explicit(c, link.generic)
    for binding, methods in groups:
        chosen = _chosen(c, call.node, methods, arguments, binding, explicit)
        if chosen:
            return invoked(c, call.node, chosen, receiver)
    name = f"{receiver.type}.{link.name}"
    raise c.refused(call.node, _no_overload(name, arguments, [one for _, methods in groups for one in methods]))


def _groups(type_: Type, name: str) -> list[tuple[dict[str, Type], list[Method]]]:
    """Give the methods of that name, level by level, with the type variables of the receiver bound."""
    own, extensions = [], []
    for upper in supertypes(type_):
        members = MEMBERS.get(upper.name)
        binding: dict[str, Type] = {}
        if members is None or name not in members.methods or not unify(members.template, upper, binding):
            continue
        methods = members.methods[name]
        own.append((binding, [one for one in methods if not one.extension]))
        extensions.append((binding, [one for one in methods if one.extension]))
    return [group for group in (*own, *extensions) if group[1]]


def _explicit(c: Compiler, generic: Node | None) -> tuple[Type, ...]:
    return tuple(map(c.type, named(generic))) if generic else ()


def choose_method(
    c: Compiler, node: Node, name: str, methods: list[Method], generic: Node | None, known: dict[str, Type]
) -> Chosen:
    """Choose among the overloads of a static method or constructor, or refuse with all there are."""
    arguments = _arguments(c, node)
    chosen = _chosen(c, node, methods, arguments, known, _explicit(c, generic))
    if chosen is None:
        raise c.refused(node, _no_overload(name, arguments, methods))
    return chosen


def _no_overload(name: str, arguments: list[Argument], methods: list[Method]) -> str:
    given = ", ".join(argument.text for argument in arguments)
    if methods[0].variables and not arguments:
        return f"{name} needs its type: write {name.rpartition('.')[2]}<string>(...)"
    return f"{name} does not take ({given})" + _list(methods)


def _chosen(
    c: Compiler,
    node: Node,
    methods: list[Method],
    arguments: list[Argument],
    known: dict[str, Type],
    explicit: tuple[Type, ...],
) -> Chosen | None:
    try:
        chosen = choose(methods, arguments, known=known, explicit=explicit)
    except NotOne as error:
        raise c.refused(node, str(error)) from None
    if chosen and chosen.method.has_out:
        _place_outs(chosen, arguments)
    return chosen


def _place_outs(chosen: Chosen, arguments: list[Argument]) -> None:
    for index, type_ in zip(chosen.given, chosen.types, strict=False):
        argument = arguments[index] if index is not None else None
        if argument and argument.out:
            chosen.outs.append(argument.out(type_))


def _arguments(c: Compiler, node: Node) -> list[Argument]:
    return [_argument(c, argument) for argument in named(node) if argument.type == "argument"]


def _argument(c: Compiler, node: Node) -> Argument:
    label = node.child_by_field_name("name")
    name = text_of(label) if label else None
    value = named(node)[-1]
    if any(child.type in ("ref", "in") for child in node.children):
        raise c.refused(node, "arguments by reference are not run here")
    if any(child.type == "out" for child in node.children):
        return _out_argument(c, node, value)
    if value.type == "lambda_expression":
        return lambda_argument(c, value, name)
    code = c.value(value)
    return Argument(str(code.type), code, name)


def _out_argument(c: Compiler, node: Node, value: Node) -> Argument:
    """Compile `out var n`, `out int n` and `out n` of a local."""
    if value.type == "declaration_expression":
        written = field(value, "type")
        type_ = None if text_of(written) == "var" else c.type(written)
        local_name = text_of(field(value, "name"))
        if local_name == "_":
            raise c.refused(node, "give what comes out a name; _ is not run here")
        return Argument(
            f"out {type_ or 'var'}",
            out=lambda wanted: c.declare(value, local_name, wanted, assigned=True).place,
            out_type=type_,
        )
    local = c.scope.find(text_of(value))
    if local is None or local.fixed:
        raise c.refused(node, f"{shortened(text_of(value))} is no local that can be assigned to")

    def assign(wanted: Type) -> int:
        c.scope.assigned |= {local.place}
        return local.place

    return Argument(f"out {local.type}", out=assign, out_type=local.type)


def invoked(c: Compiler, node: Node, chosen: Chosen, receiver: Code | None) -> Code:
    """Give the call; a null receiver throws, except where the method is an extension."""
    method = chosen.method
    type_ = substitute(method.returns, chosen.binding)
    codes = [code for code, parameter in zip(chosen.arguments, method.parameters, strict=True) if not parameter.out]
    run = _prepared(c, node, chosen)
    if method.literal:
        codes = []
    call = _applied(run, receiver, [code.run for code in codes], checked=not method.extension)
    return Code(type_, _assigning(call, chosen.outs) if method.has_out else call)


def _prepared(c: Compiler, node: Node, chosen: Chosen) -> Callable[..., Any]:
    """Give the method's function, made for its types or its literal arguments."""
    method = chosen.method
    run: Callable[..., Any] = method.run
    if method.literal and not all(code.is_constant for code in chosen.arguments):
        raise c.refused(node, f"{method.name} is run here with arguments that are written out")
    try:
        if method.literal:
            run = run(*[code.constant for code in chosen.arguments])
        return run(chosen.binding) if method.typed else run
    except ValueError as error:
        raise c.refused(node, str(error)) from None


def _applied(
    run: Callable[..., Any], receiver: Code | None, arguments: list[Callable[[Frame], Any]], *, checked: bool
) -> Callable[[Frame], Any]:
    if receiver is None:
        return _plain(run, arguments)
    return _on_object(run, receiver.run, arguments, checked=checked and not types.is_value(receiver.type))


def _plain(run: Callable[..., Any], arguments: list[Callable[[Frame], Any]]) -> Callable[[Frame], Any]:
    if len(arguments) == 1:
        (only,) = arguments
        return lambda frame: run(only(frame))
    if len(arguments) == 2:
        first, second = arguments
        return lambda frame: run(first(frame), second(frame))
    return lambda frame: run(*[argument(frame) for argument in arguments])


def _on_object(
    run: Callable[..., Any],
    receiver: Callable[[Frame], Any],
    arguments: list[Callable[[Frame], Any]],
    *,
    checked: bool,
) -> Callable[[Frame], Any]:
    def one(frame: Frame) -> Any:
        found, given = receiver(frame), only(frame)
        return null_reference() if found is None and checked else run(found, given)

    def many(frame: Frame) -> Any:
        found = receiver(frame)
        given = [argument(frame) for argument in arguments]
        return null_reference() if found is None and checked else run(found, *given)

    if len(arguments) == 1:
        (only,) = arguments
        return one
    return many


def _assigning(call: Callable[[Frame], Any], places: list[int]) -> Callable[[Frame], Any]:
    """Store what comes out: `call` gives the value and then what the `out` parameter gets."""
    (place,) = places

    def value(frame: Frame) -> Any:
        made, frame[place] = call(frame)
        return made

    return value
