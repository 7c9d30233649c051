"""What is held to the rules: the tree, the specifications beside it, and where everything stands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local.apim.artifacts import SET_AT_DEPLOYMENT, Operation, Tree, read_tree
from local.apim.documents import Element
from local.apim.errors import Place
from local.apim.shapes import SECTIONS

type Found = Iterator[tuple[Place, str]]


@dataclass(frozen=True, order=True)
class Finding:
    """One breach of a rule; `what` says what is wrong and what would be right."""

    place: Place
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line} {self.rule}: {self.what}"


@dataclass(frozen=True)
class Subject:
    """A tree as it is in the repository: named values that a deployment sets are `unset` here."""

    folder: Path
    tree: Tree

    @classmethod
    def read(cls, folder: Path) -> "Subject":
        """Read a tree.

        Raises:
            TreeRefused: it cannot be read as artifacts.
        """
        unset = {
            name: "unset" for name, known in named_values(folder).items() if known.get("value") == SET_AT_DEPLOYMENT
        }
        return cls(folder, read_tree(folder, unset))

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(operation for api in self.tree.apis for operation in api.operations)

    @cached_property
    def specification(self) -> Mapping[str, Mapping[str, Any]]:
        """Give the operations as the gateway imports them, by id."""
        return {
            item["operationId"]: item
            for api in self.tree.apis
            for path in self.json(f"apis/{api.id}/specification.json").get("paths", {}).values()
            for item in path.values()
        }

    @cached_property
    def full(self) -> Mapping[str, Mapping[str, Any]]:
        """Give the operations as the service describes them, by id."""
        paths: Mapping[str, Mapping[str, Any]] = self.json("openapi.json").get("paths", {})
        return {item["operationId"]: item for path in paths.values() for item in path.values()}

    @cached_property
    def problems(self) -> Mapping[str, Mapping[str, Any]]:
        """Give an example of each kind of problem that the service describes, by slug."""
        examples = self.json("openapi.json").get("components", {}).get("examples", {})
        return {name.removeprefix("problem-"): example["value"] for name, example in examples.items()}

    def json(self, path: str) -> Mapping[str, Any]:
        """Read a JSON file of the tree; nothing where it is missing, which is a breach of its own."""
        file = self.folder / path
        found: Mapping[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
        return found

    def place(self, path: str) -> Place:
        """Give the place of a file of the tree as the tree's own places are written."""
        return Place(Path(self.folder.name) / path, 1)

    def text(self, place: Place) -> str:
        """Give the text of the file of a place."""
        return (self.folder / place.file.relative_to(self.folder.name)).read_text()

    def below_the_global(self) -> Iterator[Element]:
        """Give the documents that inherit: those of APIs and of operations."""
        return (document for scope, document in self.tree.documents() if scope in ("api", "operation"))

    def everything(self, *names: str) -> Iterator[Element]:
        """Give every element of these names in any document."""
        for _, document in self.tree.documents():
            yield from (element for element in document.all() if element.name in names)


def named_values(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Give the properties of the named values, as far as their files can be read."""
    found = {}
    for file in sorted(folder.glob("named values/*/namedValueInformation.json")):
        try:
            properties = json.loads(file.read_text())["properties"]
            found[str(properties["displayName"])] = properties
        except (ValueError, KeyError, TypeError):
            continue  # read_tree says what is wrong with it
    return found


def sections(document: Element) -> Iterator[tuple[str, Element]]:
    """Give the sections that a document has."""
    return ((child.name, child) for child in document.children if child.name in SECTIONS)


def fragments_in(element: Element) -> list[str]:
    """Give the fragments that an element includes, as deep as it goes, in order."""
    return [item.attributes.get("fragment-id", "") for item in element.all() if item.name == "include-fragment"]


def in_section(document: Element, section: str) -> list[Element]:
    """Give the policies that stand directly in a section."""
    found = document.child(section)
    return found.children if found else []
