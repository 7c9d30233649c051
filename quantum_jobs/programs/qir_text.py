"""The text of a QIR module, taken apart: the entry point's blocks and instructions, attributes, labels.

Our own reader, because LLVM's cannot be trusted with foreign input in a service: it ends the process on some. It knows
the form in which LLVM prints modules, with typed (`%Qubit*`) and opaque (`ptr`) pointers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quantum_jobs.errors import Fault
from quantum_jobs.programs.places import Place

_NAME = r'[\w.$-]+|"[^"]*"'
_COMMENT = re.compile(r'("[^"]*")|;.*')
_IGNORED = re.compile(r"(source_filename|target|declare|%|!|uselistorder|\^|module asm\b|$)")
_GLOBAL = re.compile(rf"@({_NAME})\s*=.*?\[\d+ x i8\]\s+(?:c\"([^\"]*)\"|(zeroinitializer))")
_DEFINE = re.compile(rf"define\s[^@]*@({_NAME})\s*\((.*?)\)(.*)\{{$")
_ATTRIBUTES = re.compile(r"attributes\s+#(\d+)\s*=\s*\{(.*)\}$")
_ATTRIBUTE = re.compile(r'"([^"]*)"(?:="([^"]*)")?')
_LABEL = re.compile(rf"({_NAME}):$")
_CALL = re.compile(rf"(?:%({_NAME})\s*=\s*)?(?:(?:tail|musttail|notail)\s+)?call\s[^@]*@({_NAME})\((.*)\)([^()]*)$")
_JUMP = re.compile(rf"br\s+label\s+%({_NAME})")
_BRANCH = re.compile(rf"br\s+i1\s+(%(?:{_NAME})|true|false),\s*label\s+%({_NAME}),\s*label\s+%({_NAME})")
_RETURN = re.compile(r"ret\s+(void|i64\s+\S+|i32\s+\S+)")
_POINTER = re.compile(rf"%({_NAME})\s*=\s*inttoptr\s+i64\s+(\d+)\s+to\s+\S+$")
_NOT = re.compile(rf"%({_NAME})\s*=\s*xor\s+i1\s+%({_NAME}),\s*(true|false)$")


@dataclass(frozen=True, slots=True)
class Call:
    """`result = call name(arguments)`."""

    place: Place
    name: str
    arguments: tuple[str, ...]
    result: str | None


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a static pointer, or for a bit as it is or negated."""

    place: Place
    name: str
    meaning: int | tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Branch:
    """Go to `yes` where `condition` is 1, else to `no`; no condition: always to `yes`."""

    place: Place
    yes: str
    no: str = ""
    condition: str | None = None


@dataclass(slots=True)
class Block:
    """Instructions up to a jump; without one the function returns."""

    name: str
    place: Place
    instructions: list[Call | Alias] = field(default_factory=list)
    end: Branch | None = None
    is_ended: bool = False


@dataclass(slots=True)
class Function:
    """A defined function."""

    name: str
    place: Place
    parameters: str
    attribute_groups: tuple[str, ...]
    blocks: dict[str, Block] = field(default_factory=dict)


@dataclass(slots=True)
class Module:
    """What a module defines."""

    functions: list[Function] = field(default_factory=list)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_module(text: str, most_faults: int) -> Module:
    """Take a module apart; what is not understood is a fault that names it."""
    module = Module()
    function: Function | None = None
    for place, line in _lines(text):
        if len(module.faults) >= most_faults:
            break
        if function is None:
            function = _read_top(module, place, line)
        elif line == "}":
            function = None
        else:
            fault = _read_inner(function, place, line)
            if fault is not None:
                module.faults.append(fault)
    if function is not None:
        module.faults.append(function.place.fault(f"the function {function.name} has no end"))
    return module


def _lines(text: str) -> Iterator[tuple[Place, str]]:
    """Give each line that says something, without comment and surrounding space."""
    for number, line in enumerate(text.split("\n"), 1):
        content = _COMMENT.sub(lambda match: match.group(1) or "", line).strip()
        if content:
            column = len(line) - len(line.lstrip()) + 1
            yield Place(number, column, column + len(content)), content


def _read_top(module: Module, place: Place, line: str) -> Function | None:
    # Without the brace at its end the pattern would try every parenthesis, each to the end of the line.
    if line.endswith("{") and (match := _DEFINE.match(line)):
        groups = tuple(re.findall(r"#(\d+)", match[3]))
        function = Function(match[1].strip('"'), place, match[2].strip(), groups)
        module.functions.append(function)
        return function
    if match := _ATTRIBUTES.match(line):
        module.attributes[match[1]] = dict(_ATTRIBUTE.findall(match[2]))
    elif match := _GLOBAL.match(line):
        module.labels[match[1]] = "" if match[3] else _unescaped(match[2])
    elif not _IGNORED.match(line):
        module.faults.append(place.fault(f"not understood as QIR: {_shortened(line)}"))
    return None


def _unescaped(text: str) -> str:
    data = re.sub(rb"\\([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return data.rstrip(b"\0").decode(errors="replace")


def _read_inner(function: Function, place: Place, line: str) -> Fault | None:
    if match := _LABEL.match(line):
        return _open_block(function, place, match[1].strip('"'))
    if not function.blocks:
        # LLVM counts unnamed values and blocks in one line; the entry block comes after the parameters.
        _open_block(function, place, "0")
    block = next(reversed(function.blocks.values()))
    if block.is_ended:
        return place.fault("an instruction after the end of its block")
    if line.split(" ", 1)[0] in {"br", "ret", "unreachable", "switch", "invoke", "indirectbr", "resume"}:
        block.is_ended = True
        return _end_block(block, place, line)
    instruction = _instruction(place, line)
    if instruction is None:
        return place.fault(f"the instruction is not supported: {_shortened(line)}")
    block.instructions.append(instruction)
    return None


def _open_block(function: Function, place: Place, name: str) -> Fault | None:
    if name in function.blocks:
        return place.fault(f"the block {name} is there twice")
    function.blocks[name] = Block(name, place)
    return None


def _end_block(block: Block, place: Place, line: str) -> Fault | None:
    if match := _JUMP.match(line):
        block.end = Branch(place, match[1].strip('"'))
    elif match := _BRANCH.match(line):
        block.end = Branch(place, match[2].strip('"'), match[3].strip('"'), match[1])
    elif not _RETURN.match(line):
        return place.fault(f"the instruction is not supported: {_shortened(line)}")
    return None


def _instruction(place: Place, line: str) -> Call | Alias | None:
    if match := _CALL.match(line):
        return Call(place, match[2].strip('"'), tuple(_arguments(match[3])), match[1])
    if match := _POINTER.match(line):
        return Alias(place, match[1], int(match[2]))
    if match := _NOT.match(line):
        return Alias(place, match[1], (match[2], match[3] == "true"))
    return None


def _arguments(text: str) -> Iterator[str]:
    """Split at the commas that stand in no bracket."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    if text.strip():
        yield text[start:].strip()


def _shortened(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."


def attributes_of(module: Module, function: Function) -> dict[str, str]:
    """Join the attribute groups of a function."""
    joined: dict[str, str] = {}
    for group in function.attribute_groups:
        joined |= module.attributes.get(group, {})
    return joined


def entry_points(module: Module) -> Sequence[Function]:
    """Give the functions marked as entry points, by the current and by the older attribute."""
    marks = {"entry_point", "EntryPoint"}
    return [item for item in module.functions if not marks.isdisjoint(attributes_of(module, item))]
