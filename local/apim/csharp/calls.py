"""Calls: their arguments, the overload that is meant, and what runs it."""

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from local.apim.csharp import types
from local.apim.csharp.code import Code, Frame
from local.apim.csharp.compiler import Compiler
from local.apim.csharp.failures import null_reference
from local.apim.csharp.grammar import field, named, shortened, text_of
from local.apim.csharp.lambdas import lambda_argument
from local.apim.csharp.overloads import Argument, Chosen, NotOne, choose
from local.apim.csharp.signatures import MEMBERS, Members, Method
from local.apim.csharp.types import Type, substitute, supertypes, unify


def find_indexer(
    c: Compiler, node: Node, type_: Type, which: Callable[[Members], list[Method]], value: Argument | None = None
) -> Chosen:
    """Find the indexer, or its setter with the `value` to assign, that fits the arguments."""
    arguments = [*arguments_of(c, node), *([value] if value else [])]
    seen: list[Method] = []
    for upper in supertypes(type_):
        members = MEMBERS.get(upper.name)
        methods = which(members) if members else []
        seen += methods
        binding: dict[str, Type] = {}
        if members and methods and unify(members.template, upper, binding):
            chosen = chosen_of(c, node, methods, arguments, binding, ())
            if chosen:
                return chosen
    given = ", ".join(argument.text for argument in arguments)
    what = "assigned to at" if value else "indexed with"
    raise c.refused(node, f"{type_} cannot be {what} {given}" + list_of(seen))


def list_of(methods: list[Method]) -> str:
    return f"; there are: {'; '.join(method.signature for method in methods)}" if methods else ""


def explicit_types(c: Compiler, generic: Node | None) -> tuple[Type, ...]:
    return tuple(map(c.type, named(generic))) if generic else ()


def choose_method(
    c: Compiler, node: Node, name: str, methods: list[Method], generic: Node | None, known: dict[str, Type]
) -> Chosen:
    """Choose among the overloads of a static method or constructor, or refuse with all there are."""
    arguments = arguments_of(c, node)
    chosen = chosen_of(c, node, methods, arguments, known, explicit_types(c, generic))
    if chosen is None:
        raise c.refused(node, no_overload(name, arguments, methods))
    return chosen


def no_overload(name: str, arguments: list[Argument], methods: list[Method]) -> str:
    given = ", ".join(argument.text for argument in arguments)
    if methods[0].variables and not arguments:
        return f"{name} needs its type: write {name.rpartition('.')[2]}<string>(...)"
    return f"{name} does not take ({given})" + list_of(methods)


def chosen_of(
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


def arguments_of(c: Compiler, node: Node) -> list[Argument]:
    return [_argument(c, argument) for argument in named(node) if argument.type == "argument"]


def _argument(c: Compiler, node: Node) -> Argument:
    label = node.child_by_field_name("name")
    name = text_of(label) if label else None
    if not named(node):
        raise c.refused(node, f"{text_of(node)} is not run here")
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
