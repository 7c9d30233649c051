"""What one file means: its names and their kinds, and what is wrong with its declarations."""

import json
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from tree_sitter import Node

from tools.bicep import dependencies, invariants, modules, resources, roles
from tools.bicep.checking import Checker
from tools.bicep.declarations import (
    Declaration,
    File,
    Import,
    ModuleDeclaration,
    Output,
    Parameter,
    ResourceDeclaration,
    TypeAlias,
    UserFunction,
    Variable,
)
from tools.bicep.functions import DECORATORS, LOADERS, Function
from tools.bicep.inference import Inference
from tools.bicep.kinds import ANY, BOOL, INT, Kind, Member, Sequence, Text, Thing, either, given
from tools.bicep.nodes import Call, Expression, For, Interpolated, Literal, walk
from tools.bicep.reading import place
from tools.bicep.syntax_types import PRIMITIVES, TypeReader, decorated


class Library(Protocol):
    """Where other files are found."""

    def analysis(self, path: Path) -> "Analysis": ...


class Analysis:
    """The names of a file, each with its kind, found when it is asked for."""

    def __init__(self, file: File, library: Library) -> None:
        self.file = file
        self.library = library
        self.aliases: dict[str, Callable[[], Kind]] = {}
        self.names: dict[str, Callable[[], Kind]] = {}
        self.functions: dict[str, Function] = {}
        self.types = TypeReader(self.aliases, self._report_type)
        self._collect()
        self.inference = Inference(file, self.names, self.functions, self.loaded)
        self.checker = Checker(file, self.inference)

    def _report_type(self, node: Node, text: str) -> None:
        if (place(node), text) not in [(found.place, found.text) for found in self.file.findings]:
            self.file.report(place(node), "type", text, ", ".join(PRIMITIVES))

    def _collect(self) -> None:
        for declared in self.file.declarations:
            if isinstance(declared, Import):
                self._import(declared)
            elif isinstance(declared, TypeAlias) and declared.type is not None:
                self.aliases[declared.name] = cache(partial(self.types.kind, declared.type))
            elif isinstance(declared, UserFunction) and declared.gives is not None:
                many = len(declared.parameters)
                self.functions[declared.name] = Function(many, many, self.types.kind(declared.gives))
            elif not isinstance(declared, Output):
                self.names[declared.name] = cache(partial(self._kind, declared))
        for resource in self.file.resources():
            if resource.outer is not None:
                self.names.setdefault(resource.name, cache(partial(self._kind, resource)))

    def _import(self, declared: Import) -> None:
        path = self.file.path.parent / declared.source
        if not path.is_file():
            self.file.report(declared.place, "file", f"there is no file {declared.source}")
            return
        other = self.library.analysis(path)
        for there, here in declared.names:
            source = next(
                (item for item in other.file.declarations if item.name == there and not isinstance(item, Output)), None
            )
            if source is None or source.decorator("export") is None:
                self.file.report(
                    declared.place, "import", f"{declared.source} exports no '{there}'", "write @export() before it"
                )
            elif there in other.aliases:
                self.aliases[here] = other.aliases[there]
            elif there in other.functions:
                self.functions[here] = other.functions[there]
            elif there in other.names:
                self.names[here] = other.names[there]

    def _kind(self, declared: Declaration) -> Kind:
        match declared:
            case Parameter() if declared.type is not None:
                return decorated(self.types.kind(declared.type), declared)
            case Variable() if declared.value is not None:
                return self._value(declared.value)
            case ResourceDeclaration():
                kind: Kind = resources.kind(declared)
                return Sequence(kind) if isinstance(declared.value, For) else kind
            case ModuleDeclaration():
                found: Kind = modules.kind(declared, self)
                return Sequence(found) if isinstance(declared.value, For) else found
        return ANY

    def _value(self, node: Expression) -> Kind:
        """What a variable is; what is wrong with it is reported once, when the variable itself is checked."""
        kept = len(self.file.findings)
        kind = self.inference.kind(node)
        del self.file.findings[kept:]
        return kind

    def loaded(self, node: Call) -> Kind | None:
        """The kind of a JSON file's content; None where nothing is loaded."""
        path = self._path(node) if node.name == "loadJsonContent" and len(node.arguments) == 1 else None
        if path is None or not path.is_file():
            return None
        try:
            return json_kind(json.loads(path.read_text()))
        except ValueError:
            self.file.report(node.place, "file", f"{path.name} is no JSON")
            return None

    def _path(self, node: Call) -> Path | None:
        first = node.arguments[0] if node.arguments else None
        return (
            self.file.path.parent / first.value if isinstance(first, Literal) and isinstance(first.value, str) else None
        )

    def parameters(self) -> dict[str, Member]:
        """What a module of this file is given."""
        found = {}
        for name, item in self.file.of(Parameter).items():
            kind = self.names[name]()
            required = item.default is None and not any(
                option.shown() == "null" for option in getattr(kind, "options", ())
            )
            found[name] = given(kind, required)
        return found

    def outputs(self) -> dict[str, Member]:
        return {
            name: Member(partial(self.types.kind, item.type), required=True)
            for name, item in self.file.of(Output).items()
            if item.type is not None
        }

    def check(self) -> None:
        """Report everything that is wrong with this file."""
        for declared in list(self.file.declarations):
            self._decorators(declared)
            match declared:
                case Parameter():
                    self._parameter(declared)
                case Variable() if declared.value is not None:
                    self.inference.kind(declared.value)
                case Output() if declared.value is not None and declared.type is not None:
                    self.checker.check(declared.value, self.types.kind(declared.type), {})
                case UserFunction() if declared.body is not None and declared.gives is not None:
                    self._function(declared)
                case ModuleDeclaration():
                    modules.check(declared, self)
        for resource in self.file.resources():
            resources.check(resource, self)
        self._files()
        self._interpolations()
        for rule in (dependencies.check, roles.check, invariants.check):
            rule(self.file)
        self._unused()

    def _decorators(self, declared: Declaration) -> None:
        for item in declared.decorators:
            if item.name not in DECORATORS:
                self.file.report(item.place, "decorator", f"there is no decorator '{item.name}'")

    def _parameter(self, declared: Parameter) -> None:
        kind = self.names[declared.name]()
        if declared.default is not None:
            self.inference.default_of_parameter = True
            self.checker.check(declared.default, kind, {})
            self.inference.default_of_parameter = False

    def _function(self, declared: UserFunction) -> None:
        kinds = {name: partial(self.types.kind, kind) for name, kind in declared.parameters}
        if declared.body is not None and declared.gives is not None:
            self.checker.check(declared.body, self.types.kind(declared.gives), kinds)

    def expressions(self) -> list[Expression]:
        """Every expression of the file, the inner ones too."""
        roots: list[Expression] = []
        for item in [*self.file.declarations, *(found for found in self.file.resources() if found.outer is not None)]:
            roots += [value for value in vars(item).values() if isinstance(value, Expression)]
        return [node for root in roots for node in walk(root)]

    def _files(self) -> None:
        for node in self.expressions():
            if isinstance(node, Call) and node.name in LOADERS and (reason := self._unloadable(node)):
                self.file.report(node.place, "file", reason)

    def _unloadable(self, node: Call) -> str | None:
        path = self._path(node)
        if path is None:
            return f"{node.name} wants a path without ${{}}"
        if not path.is_file():
            return f"there is no file {path.name} at {path.parent}"
        if len(path.read_text()) > LOADERS[node.name]:
            return f"{path.name} has more than the {LOADERS[node.name]:,} characters that {node.name} takes"
        return None

    def _interpolations(self) -> None:
        """`{name}` and `$name` in a string are letters, where `${name}` was meant."""
        for node in self.expressions():
            parts = node.parts if isinstance(node, Interpolated) else (getattr(node, "value", None),)
            for part in parts if isinstance(node, Interpolated | Literal) else ():
                found = re.search(r"\{(\w+)\}|\$(\w+)", part) if isinstance(part, str) and "\n" not in part else None
                if found and (name := found[1] or found[2]) in self.names:
                    self.file.report(node.place, "interpolation", f"'{found[0]}' is text", f"write ${{{name}}}")

    def _unused(self) -> None:
        for kind in (Parameter, Variable):
            for name, item in self.file.of(kind).items():
                if name not in self.inference.used and item.decorator("export") is None and self.file.using is None:
                    self.file.report(item.place, "unused", f"'{name}' is used nowhere", "remove it")


def json_kind(value: Any) -> Kind:
    """The kind of a JSON document, with the values of its strings."""
    match value:
        case dict():
            return Thing("JSON object", {key: given(json_kind(item)) for key, item in value.items()})
        case list():
            return Sequence(either(*map(json_kind, value)) if value else ANY)
        case bool():
            return BOOL
        case int():
            return INT
        case str():
            return Text(value)
    return ANY
