"""Lambdas, which LINQ calls."""

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from local.apim.csharp import types
from local.apim.csharp.code import Code, Frame
from local.apim.csharp.compiler import Compiler
from local.apim.csharp.grammar import field, named, text_of
from local.apim.csharp.overloads import Argument
from local.apim.csharp.types import Type


def lambda_argument(c: Compiler, node: Node, name: str | None) -> Argument:
    """Give a lambda that is compiled once the types of its parameters are known."""
    parameters = _parameters(c, node)
    body = field(node, "body")
    if body.type == "block":
        raise c.refused(body, "lambdas with statements are not run here; write one expression")

    def bind(given: tuple[Type, ...]) -> Code:
        before = c.scope.assigned
        with c.scope.level():
            places = [
                c.declare(node, one, type_, assigned=True, fixed=True).place
                for one, type_ in zip(parameters, given, strict=True)
            ]
            made = c.value(body)
        c.scope.assigned = before
        if made.type == types.NULL:
            raise c.refused(body, "the lambda gives null alone, which has no type; write (string)null")
        return Code(made.type, _function(places, made.run))

    return Argument("a lambda", name=name, arity=len(parameters), bind=bind)


def _parameters(c: Compiler, node: Node) -> list[str]:
    parameters = field(node, "parameters")
    if parameters.type != "parameter_list":
        return [text_of(parameters)]
    if any(parameter.child_by_field_name("type") for parameter in named(parameters)):
        raise c.refused(parameters, "leave out the types of a lambda's parameters")
    return [text_of(field(parameter, "name")) for parameter in named(parameters)]


def _function(places: list[int], run: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    """Give what makes a Python function that works on the frame of the evaluation."""
    if len(places) == 1:
        (place,) = places

        def make(frame: Frame) -> Any:
            def call(value: Any) -> Any:
                frame[place] = value
                return run(frame)

            return call

        return make

    def make_of_many(frame: Frame) -> Any:
        def call(*values: Any) -> Any:
            for place, value in zip(places, values, strict=True):
                frame[place] = value
            return run(frame)

        return call

    return make_of_many
