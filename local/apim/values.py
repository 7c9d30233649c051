"""Values of attributes and texts: constants, named values that are in their place already, and expressions."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from local.apim.context import Context
from local.apim.csharp import boxed_int, compile_expression
from local.apim.errors import Place, PolicyRefused
from local.apim.shapes import Attribute

type Read = Callable[[Context], Any]


def read_value(text: str, attribute: Attribute, place: Place, clock: Callable[[], int] = time.time_ns) -> Read:
    """Make what gives the value of an attribute or a text; `clock` tells expressions the nanoseconds since 1970.

    Raises:
        PolicyRefused: no expression is taken there, the expression is none, or the value does not fit.
    """
    if is_expression(text):
        if not attribute.expression:
            raise PolicyRefused(place, "takes no expression")
        return _compiled(text, attribute.type, place, clock)
    if "@(" in text or "@{" in text:
        raise PolicyRefused(place, 'an expression is the whole value or none of it: @("..." + ...)')
    value = constant(text, attribute, place)
    return lambda _: value


@cache
def _compiled(text: str, wanted: str, place: Place, clock: Callable[[], int]) -> Read:
    # Every operation inherits the policies of all APIs: their expressions are compiled once.
    return compile_expression(text, wanted, place, clock=clock)


def is_expression(text: str) -> bool:
    """Tell whether a text is an expression as a whole."""
    trimmed = text.strip()
    return trimmed.startswith(("@(", "@{"))


def constant(text: str, attribute: Attribute, place: Place) -> Any:
    """Read a value that is not an expression: text, true or false, or a whole number within its bounds.

    Raises:
        PolicyRefused: it is none.
    """
    if attribute.choices and text not in attribute.choices:
        raise PolicyRefused(place, f"{text!r} is not taken; what is: {', '.join(attribute.choices)}")
    if attribute.type == "bool":
        return _flag(text, place)
    return _number(text, attribute, place) if attribute.type == "int" else text


def _flag(text: str, place: Place) -> bool:
    if text not in ("true", "false"):
        raise PolicyRefused(place, f"{text!r} is neither true nor false")
    return text == "true"


def _number(text: str, attribute: Attribute, place: Place) -> int:
    if not (text.isascii() and text.isdigit()):
        raise PolicyRefused(place, f"{text!r} is not a whole number")
    value = int(text)
    least, most = attribute.least, attribute.most
    if (least is not None and value < least) or (most is not None and value > most):
        raise PolicyRefused(
            place, f"{value} is out of bounds: {least if least is not None else 'any'} to {most or 'any'}"
        )
    return boxed_int(value)
