"""JSON of unknown origin: bounded in depth, without the numbers that JSON does not have."""

import json
import re
from typing import Any, NoReturn

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


class JsonMalformed(ValueError):
    """The text is not JSON; line and column count from 1, where they are known."""

    def __init__(self, detail: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail)
        self.line, self.column = line, column


def json_of(text: str, most_nested: int) -> Any:
    """Read JSON.

    Raises:
        JsonMalformed: not JSON, nested too deeply, NaN or Infinity, a number with thousands of digits.
    """
    _check_nesting(text, most_nested)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise JsonMalformed(f"not JSON: {_sentence(error.msg)}", error.lineno, error.colno) from error
    except ValueError as error:
        raise JsonMalformed(f"not JSON: {_sentence(str(error).partition(';')[0])}") from error


def _check_nesting(text: str, most: int) -> None:
    """Count brackets first: the native reader recurses, and a thread's stack may be small."""
    depth = 0
    for match in _TOKEN.finditer(text):
        sign = match.group()
        depth += (sign in "[{") - (sign in "]}")
        if depth > most:
            line_start = text.rfind("\n", 0, match.start()) + 1
            line = text.count("\n", 0, match.start()) + 1
            raise JsonMalformed(f"nested more than {most} deep", line, match.start() - line_start + 1)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:] if message[1:2].islower() else message
