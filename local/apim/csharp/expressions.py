"""An expression of a policy from its text to a value."""

import time
from collections.abc import Callable
from typing import Any

from local.apim.context import Context
from local.apim.csharp import (  # noqa: F401 they register what they compile and the members that they know
    branches,
    casts,
    chains,
    creation,
    literals,
    members_all,
    operators,
)
from local.apim.csharp.code import LOCALS, Run
from local.apim.csharp.compiler import Compiler
from local.apim.csharp.grammar import Incomplete, shortened
from local.apim.csharp.parsing import parse
from local.apim.csharp.statements import Block
from local.apim.csharp.types import parse_type
from local.apim.errors import Place, PolicyRefused


class Expression:
    """A compiled expression; calling it evaluates it for one context, and may be done from any thread."""

    __slots__ = ("_clock", "_locals", "_run", "text")

    def __init__(self, text: str, run: Run, locals_: int, clock: Callable[[], int]) -> None:
        self.text, self._run, self._clock = text, run, clock
        self._locals = [None] * locals_

    def __call__(self, context: Context) -> Any:
        """Give the value, of the type that was wanted: numbers boxed for "object", plain otherwise.

        Raises ExpressionFailed with the name of the .NET exception.
        """
        return self._run([context, self._clock, *self._locals])


def compile_expression(text: str, wanted: str, place: Place, *, clock: Callable[[], int] = time.time_ns) -> Expression:
    """Compile `@(...)` or `@{...}` to a value of C# type `wanted`: string, bool, int, long or object.

    `place` is where the text begins; `clock` gives nanoseconds since 1970. Raises PolicyRefused, with the line, for
    whatever is not C# or not run here exactly as API Management would.
    """
    try:
        return _compiled(text, wanted, place, clock)
    except Incomplete as error:
        raise PolicyRefused(place.below(error.node.start_point.row), str(error)) from None
    except RecursionError:
        raise PolicyRefused(place, f"nested too deeply: {shortened(text)}") from None


def _compiled(text: str, wanted: str, place: Place, clock: Callable[[], int]) -> Expression:
    source = parse(text, place)
    compiler, type_ = Compiler(source), parse_type(wanted)
    if source.body.type == "block":
        code = Block(compiler, type_).body(source.body)
    else:
        code = compiler.converted(source.body, compiler.value(source.body), type_)
    return Expression(text, code.run, compiler.scope.size - LOCALS, clock)
