"""Chains of members, calls and indexers: `context.Request.Headers["X"][0].Length`, with `?.` on the way."""

from dataclasses import dataclass
from typing import Any

from tree_sitter import Node

from local.apim.csharp import hints, types
from local.apim.csharp.calls import (
    arguments_of,
    choose_method,
    chosen_of,
    explicit_types,
    find_indexer,
    invoked,
    no_overload,
)
from local.apim.csharp.code import Code, Frame
from local.apim.csharp.compiler import Compiler, handles
from local.apim.csharp.failures import null_reference
from local.apim.csharp.grammar import field, named, near, text_of
from local.apim.csharp.overloads import Chosen
from local.apim.csharp.precedence import CHAINED
from local.apim.csharp.signatures import MEMBERS, Members, Method, Property
from local.apim.csharp.texts import writer
from local.apim.csharp.types import Type, substitute, supertypes, unify


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


def _call(c: Compiler, link: Link, call: Link, receiver: Code) -> Code:
    """Compile a call of a method: those of the type before those it stands for, extensions last."""
    if (receiver.type.name, link.name) in hints.MEMBERS:
        raise c.refused(link.node, _unknown_member(receiver.type, link.name))
    groups = list(_groups(receiver.type, link.name))
    if not groups:
        raise c.refused(link.node, _unknown_member(receiver.type, link.name))
    if receiver.type == types.J_OBJECT and MEMBERS["IEnumerable"].methods.get(link.name) == groups[0][1]:
        raise c.refused(link.node, f"JObject.{link.name} could mean its pairs or its tokens; write .Properties()")
    arguments, explicit = arguments_of(c, call.node), explicit_types(c, link.generic)
    for binding, methods in groups:
        chosen = chosen_of(c, call.node, methods, arguments, binding, explicit)
        if chosen:
            _check_text(c, link, chosen, receiver)
            return invoked(c, call.node, chosen, receiver)
    name = f"{receiver.type}.{link.name}"
    raise c.refused(call.node, no_overload(name, arguments, [one for _, methods in groups for one in methods]))


def _check_text(c: Compiler, link: Link, chosen: Chosen, receiver: Code) -> None:
    """Refuse the ToString that every object has where a type's text is of no use, or depends on the gateway."""
    if link.name == "ToString" and chosen.method.owner == types.OBJECT and receiver.type != types.OBJECT:
        try:
            writer(receiver.type)
        except ValueError as error:
            raise c.refused(link.node, str(error)) from None


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
