"""Literals: numbers, texts with their escapes, interpolated texts."""

import re
from typing import Any

from tree_sitter import Node

from local.apim.csharp import types
from local.apim.csharp.code import Code, constant
from local.apim.csharp.compiler import Compiler, handles
from local.apim.csharp.grammar import named, text_of
from local.apim.csharp.numbers import fits
from local.apim.csharp.texts import formatted, joined_units, padded, writer


@handles("null_literal")
def null(c: Compiler, node: Node) -> Code:
    return constant(types.NULL, None)


@handles("boolean_literal")
def truth(c: Compiler, node: Node) -> Code:
    return constant(types.BOOL, text_of(node) == "true")


@handles("integer_literal")
def whole(c: Compiler, node: Node) -> Code:
    text = text_of(node).replace("_", "")
    digits, suffix = (text[:-1], "L") if text[-1] in "lL" else (text, "")
    if not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+|0[bB][01]+", digits):
        raise c.refused(node, f"the number {text} is not run here: only int and long are")
    value = int(digits, 0) if digits[:2].lower() in ("0x", "0b") else int(digits)
    if not suffix and fits(value, 32):
        return constant(types.INT, value)
    if fits(value, 64) and (suffix or not fits(value, 33)):
        return constant(types.LONG, value)
    raise c.refused(node, f"{text} is an unsigned number, which are not run here; write {text}L for a long")


@handles("real_literal")
def real(c: Compiler, node: Node) -> Code:
    text = text_of(node).replace("_", "")
    if text[-1] in "fFmM":
        raise c.refused(node, f"the number {text} is not run here: of the real numbers only double is")
    return constant(types.DOUBLE, float(text.rstrip("dD")))


_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unescaped(c: Compiler, node: Node) -> str:
    """Give what an escape sequence stands for."""
    text = text_of(node)
    if text[1] in "uUx":
        value = int(f"0x{text[2:]}", 0)
        if value > 0x10FFFF:
            raise c.refused(node, f"{text} is no character")
        return chr(value)
    return _SIMPLE.get(text[1], text[1])


def _content(c: Compiler, node: Node) -> str:
    return joined_units(
        "".join(unescaped(c, part) if part.type == "escape_sequence" else text_of(part) for part in named(node))
    )


@handles("string_literal")
def string(c: Compiler, node: Node) -> Code:
    return constant(types.STRING, _content(c, node))


@handles("verbatim_string_literal")
def verbatim(c: Compiler, node: Node) -> Code:
    return constant(types.STRING, text_of(node)[2:-1].replace('""', '"'))


@handles("character_literal")
def character(c: Compiler, node: Node) -> Code:
    text = _content(c, node)
    if len(text) != 1 or ord(text) > 0xFFFF:
        raise c.refused(node, f"{text_of(node)} is not one character")
    return constant(types.CHAR, text)


@handles("interpolated_string_expression")
def interpolated(c: Compiler, node: Node) -> Code:
    is_verbatim = "@" in text_of(node.children[0])
    parts = [_part(c, part, is_verbatim=is_verbatim) for part in named(node) if part.type != "interpolation_start"]
    runs = [part.run for part in parts]
    if all(part.is_constant for part in parts):
        return constant(types.STRING, "".join(part.constant for part in parts)).typed(types.STRING)
    return Code(types.STRING, lambda frame: "".join([run(frame) for run in runs]))


def _part(c: Compiler, node: Node, *, is_verbatim: bool) -> Code:
    if node.type == "interpolation":
        return _hole(c, node)
    text = unescaped(c, node) if node.type == "escape_sequence" else text_of(node)
    if node.type != "escape_sequence":
        text = text.replace("{{", "{").replace("}}", "}")
        text = text.replace('""', '"') if is_verbatim else text
    return constant(types.STRING, text)


def _hole(c: Compiler, node: Node) -> Code:
    """Compile `{value,width:format}`."""
    parts = {part.type: part for part in named(node) if part.type != "interpolation_brace"}
    width = parts.pop("interpolation_alignment_clause", None)
    form = parts.pop("interpolation_format_clause", None)
    (value,) = parts.values()
    code = c.value(value)
    write: Any = _writer(c, node, code, text_of(form)[1:] if form else "")
    if width is None:
        return code.then(types.STRING, write)
    columns = c.value(named(width)[0])
    if columns.type != types.INT or not columns.is_constant:
        raise c.refused(width, "the width must be a number that is written out")
    return code.then(types.STRING, lambda found: padded(write(found), columns.constant))


def _writer(c: Compiler, node: Node, code: Code, form: str) -> Any:
    try:
        return formatted(code.type, form) if form else writer(code.type)
    except ValueError as error:
        raise c.refused(node, str(error)) from None
