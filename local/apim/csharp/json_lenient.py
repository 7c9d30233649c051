"""JSON as Newtonsoft.Json reads it beyond the standard: comments, single quotes, names without quotes, last commas."""

import math
import re
from typing import Any

from local.apim.csharp.failures import thrown
from local.apim.errors import ExpressionFailed

_BLANK = re.compile(r"(?:\s|/\*.*?\*/|//[^\r\n]*)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_$]+")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_STRING = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_WORDS = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WORD = re.compile(r"-?[A-Za-z]+")


def read_leniently(text: str, depth: int) -> Any:
    """Give dictionaries, lists and values; throws JsonReaderException for what Newtonsoft.Json does not read either."""
    reader = _Reader(text, depth)
    value = reader.value(0)
    reader.blank()
    if reader.at != len(text):
        raise reader.malformed("Additional text encountered after finished reading JSON content")
    return value


class _Reader:
    def __init__(self, text: str, depth: int) -> None:
        self.text, self.depth, self.at = text, depth, 0

    def malformed(self, reason: str) -> ExpressionFailed:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - self.text.rfind("\n", 0, self.at)
        return thrown("JsonReaderException", f"{reason}, line {line}, position {column}.")

    def blank(self) -> str:
        """Skip blanks and comments; give the next character, or nothing at the end."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def value(self, level: int) -> Any:
        sign = self.blank()
        if sign and sign in "{[":
            if level >= self.depth:
                raise self.malformed(f"The reader's MaxDepth of {self.depth} has been exceeded")
            self.at += 1
            return self.members(level + 1) if sign == "{" else self.items(level + 1)
        if sign and sign in "\"'":
            return self.string()
        return self.scalar()

    def scalar(self) -> Any:
        if found := _NUMBER.match(self.text, self.at):
            digits = found[0].lstrip("-")
            if re.match(r"0\d", digits):
                raise thrown("NotRunHere", f"the octal number {found[0]} in JSON.")
            self.at = found.end()
            return int(found[0]) if digits.isdecimal() else float(found[0])
        word = _WORD.match(self.text, self.at)
        if word is None or word[0] not in _WORDS:
            if word and word[0] in ("new", "undefined"):
                raise thrown("NotRunHere", f"{word[0]} in JSON.")
            raise self.malformed(
                f"Unexpected character encountered while parsing value: {self.text[self.at : self.at + 1]}"
            )
        self.at = word.end()
        return _WORDS[word[0]]

    def string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise self.malformed("Unterminated string")
        self.at = found.end()
        made = _ESCAPE.sub(self.unescaped, found[1] if found[1] is not None else found[2])
        return made.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

    def unescaped(self, found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(f"0x{found[1]}", 0))
        if found[2] not in _ESCAPES:
            raise self.malformed(f"Bad JSON escape sequence: \\{found[2]}")
        return _ESCAPES[found[2]]

    def members(self, level: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while (sign := self.blank()) != "}":
            name = self.string() if sign and sign in "\"'" else self.name()
            if self.blank() != ":":
                raise self.malformed("Invalid character after parsing property name")
            self.at += 1
            made[name] = self.value(level)
            self.separator("}")
        self.at += 1
        return made

    def name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise self.malformed("Invalid property identifier character")
        self.at = found.end()
        return found[0]

    def items(self, level: int) -> list[Any]:
        made: list[Any] = []
        while (sign := self.blank()) != "]":
            if sign == ",":
                raise thrown("NotRunHere", "a missing element in JSON.")
            made.append(self.value(level))
            self.separator("]")
        self.at += 1
        return made

    def separator(self, end: str) -> None:
        sign = self.blank()
        if sign == ",":
            self.at += 1
        elif sign != end:
            raise self.malformed("After parsing a value an unexpected character was encountered")
