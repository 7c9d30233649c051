"""One Bicep file: its parameters, variables, types, functions, resources, modules and outputs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tree_sitter import Node

from tools.bicep import reading
from tools.bicep.findings import Finding, Place
from tools.bicep.nodes import Call, Expression, Literal, Object, unwrapped
from tools.bicep.reading import Unreadable, named, place, text


@dataclass
class Declaration:
    name: str
    place: Place
    decorators: tuple[Call, ...] = ()

    def decorator(self, name: str) -> Call | None:
        return next((item for item in self.decorators if item.name == name), None)


@dataclass
class Parameter(Declaration):
    type: Node | None = None
    default: Expression | None = None


@dataclass
class Variable(Declaration):
    value: Expression | None = None


@dataclass
class TypeAlias(Declaration):
    type: Node | None = None


@dataclass
class UserFunction(Declaration):
    parameters: tuple[tuple[str, Node], ...] = ()
    gives: Node | None = None
    body: Expression | None = None


@dataclass
class Deployed(Declaration):
    """A resource or a module; `value` has loop and condition, `body` is the object itself."""

    value: Expression = field(default_factory=lambda: Object(Place(1, 1), ()))

    @property
    def body(self) -> Object:
        body = unwrapped(self.value)
        return body if isinstance(body, Object) else Object(self.place, ())

    @property
    def first_name(self) -> Expression | None:
        return self.body.member("name")


@dataclass
class ResourceDeclaration(Deployed):
    """`outer` is the resource it is declared within."""

    type: str = ""
    existing: bool = False
    outer: "ResourceDeclaration | None" = None
    inner: list["ResourceDeclaration"] = field(default_factory=list)


@dataclass
class ModuleDeclaration(Deployed):
    source: str = ""


@dataclass
class Output(Declaration):
    type: Node | None = None
    value: Expression | None = None


@dataclass
class Import(Declaration):
    """`names` are (there, here); none of them means all, under the name of the import."""

    source: str = ""
    names: tuple[tuple[str, str], ...] = ()


@dataclass
class File:
    path: Path
    scope: str = "resourceGroup"
    using: str | None = None
    declarations: list[Declaration] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    silenced: dict[int, set[str]] = field(default_factory=dict)

    def of[T: Declaration](self, kind: type[T]) -> dict[str, T]:
        return {item.name: item for item in self.declarations if isinstance(item, kind)}

    def resources(self) -> Iterator[ResourceDeclaration]:
        """All resources, those within others too."""
        waiting = list(self.of(ResourceDeclaration).values())
        while waiting:
            found = waiting.pop(0)
            yield found
            waiting += found.inner

    def report(self, place: Place, rule: str, text: str, remedy: str = "") -> None:
        if rule not in self.silenced.get(place.line, ()):
            self.findings.append(Finding(self.path, place, rule, text, remedy))


def read_file(path: Path) -> File:
    """Read a file; what cannot be read is among its findings. Values in a file of parameters are its variables."""
    file = File(path)
    source = path.read_bytes()
    if path.suffix == ".bicepparam":
        source = re.sub(
            rb"^param\b", b"var  ", source, flags=re.MULTILINE
        )  # the grammar knows no parameter without a type
    root = reading.parse(source)
    _find_errors(root, file)
    if not file.findings:
        _Builder(file).build(root)
    return file


def _find_errors(node: Node, file: File) -> None:
    if node.type == "diagnostic_comment":
        words = text(node).split()
        file.silenced.setdefault(node.start_point[0] + 2, set()).update(words[1:])
    if node.type == "ERROR" or node.is_missing:
        file.report(
            place(node),
            "syntax",
            f"cannot read {text(node).strip()[:60]!r}",
            "the grammar may not know it; write it in a plainer way",
        )
        return
    for child in node.children:
        _find_errors(child, file)


class _Builder:
    def __init__(self, file: File) -> None:
        self._file = file

    def build(self, root: Node) -> None:
        decorators: list[Call] = []
        for node in named(root):
            try:
                if node.type == "decorators":
                    decorators = self._decorators(node)
                    continue
                self._declare(node, tuple(decorators))
            except Unreadable as error:
                self._file.report(error.place, "syntax", str(error))
            except (IndexError, ValueError):  # a part is missing
                self._file.report(place(node), "syntax", f"cannot read {text(node)[:40]!r}")
            decorators = []

    def _decorators(self, node: Node) -> list[Call]:
        calls = [reading.expression(named(item)[0]) for item in named(node)]
        return [item for item in calls if isinstance(item, Call)]

    def _declare(self, node: Node, decorators: tuple[Call, ...]) -> None:
        handler = _HANDLERS.get(node.type)
        if handler is None:
            raise Unreadable(place(node), f"cannot read {text(node)[:40]!r}")
        declared = getattr(self, handler)(node)
        if isinstance(declared, Declaration):
            declared.decorators = decorators
            self._add(declared)

    def _add(self, declared: Declaration) -> None:
        taken = [
            item
            for item in self._file.declarations
            if item.name == declared.name and isinstance(item, Output) == isinstance(declared, Output)
        ]
        if taken and declared.name:
            self._file.report(
                declared.place, "name-twice", f"'{declared.name}' is declared in line {taken[0].place.line} already"
            )
        self._file.declarations.append(declared)

    def scope(self, node: Node) -> None:
        value = reading.expression(named(node)[0])
        if not isinstance(value, Literal) or value.value not in (
            "resourceGroup",
            "subscription",
            "managementGroup",
            "tenant",
        ):
            self._file.report(
                place(node), "scope", "unknown target scope", "resourceGroup, subscription, managementGroup, tenant"
            )
        else:
            self._file.scope = str(value.value)

    def using(self, node: Node) -> None:
        self._file.using = _string(named(node)[0])

    def ignored(self, node: Node) -> None:
        """What only people read."""

    def parameter(self, node: Node) -> Parameter:
        name, kind, *default = named(node)
        return Parameter(
            text(name), place(name), type=kind, default=reading.expression(default[0]) if default else None
        )

    def variable(self, node: Node) -> Variable:
        name, value = named(node)
        return Variable(text(name), place(name), value=reading.expression(value))

    def alias(self, node: Node) -> TypeAlias:
        name, kind = named(node)
        return TypeAlias(text(name), place(name), type=kind)

    def function(self, node: Node) -> UserFunction:
        name, listed, gives, body = named(node)
        pairs = [named(item) for item in named(listed)]
        return UserFunction(
            text(name),
            place(name),
            parameters=tuple((text(a), b) for a, b in pairs),
            gives=gives,
            body=reading.expression(body),
        )

    def output(self, node: Node) -> Output:
        name, kind, value = named(node)
        return Output(text(name), place(name), type=kind, value=reading.expression(value))

    def imported(self, node: Node) -> Import:
        *parts, source = named(node)
        if "*" in [child.type for child in node.children]:
            return Import(text(parts[0]), place(node), source=_string(source))
        names: list[tuple[str, str]] = []
        renames = {item.start_byte for item in node.children if text(item) == "as"}
        for part in parts:
            before = part.prev_sibling
            if before is not None and before.start_byte in renames:
                names[-1] = (names[-1][0], text(part))
            else:
                names.append((text(part), text(part)))
        return Import("", place(node), source=_string(source), names=tuple(names))

    def module(self, node: Node) -> ModuleDeclaration:
        name, source, value = named(node)
        return ModuleDeclaration(text(name), place(name), value=reading.expression(value), source=_string(source))

    def resource(self, node: Node, outer: ResourceDeclaration | None = None) -> ResourceDeclaration:
        name, kind, value = named(node)
        existing = any(child.type == "existing" for child in node.children)
        found = ResourceDeclaration(
            text(name), place(name), value=reading.expression(value), type=_string(kind), existing=existing, outer=outer
        )
        found.inner = [self.resource(item, found) for item in _within(value)]
        return found


def _within(node: Node) -> Iterator[Node]:
    """Resources that are declared directly in a body."""
    for child in named(node):
        if child.type == "resource_declaration":
            yield child
        elif child.type in ("for_statement", "if_statement", "object", "array", "object_property") and not (
            child.type == "object_property" and len(named(child)) == 2
        ):
            yield from _within(child)


def _string(node: Node) -> str:
    value = reading.expression(node)
    if not isinstance(value, Literal) or not isinstance(value.value, str):
        raise Unreadable(place(node), "a string without ${} is wanted")
    return value.value


_HANDLERS: Final = {
    "target_scope_assignment": "scope",
    "using_statement": "using",
    "metadata_declaration": "ignored",
    "comment": "ignored",
    "diagnostic_comment": "ignored",
    "parameter_declaration": "parameter",
    "variable_declaration": "variable",
    "type_declaration": "alias",
    "user_defined_function": "function",
    "output_declaration": "output",
    "import_functionality": "imported",
    "module_declaration": "module",
    "resource_declaration": "resource",
}
