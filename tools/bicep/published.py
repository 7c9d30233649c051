"""Azure's resource types as Microsoft publishes them for Bicep (data/NOTICE), without descriptions."""

import json
import lzma
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tools.bicep.kinds import (
    ANY,
    BOOL,
    Kind,
    Member,
    Number,
    Sequence,
    Text,
    Thing,
    Variants,
    either,
)

DATA: Final = Path(__file__).parent / "data" / "types.json.xz"

# Bits of a property's flags and of the scopes a type may be written at, as the publisher defines them.
REQUIRED, READ_ONLY, WRITE_ONLY, AT_START = 1, 2, 4, 8
SCOPES: Final = {"tenant": 1, "managementGroup": 2, "subscription": 4, "resourceGroup": 8, "extension": 16}


class ResourceType:
    """A resource type in one version: its body, and the scopes at which it can be written."""

    def __init__(self, name: str, body: Thing | Variants, scopes: int) -> None:
        self.name, self.version = name.split("@")
        self.body = body
        self._scopes = scopes

    def members(self, name: str | None = None) -> Mapping[str, Member]:
        """What it consists of; where the name of the resource decides on that, of the one called `name`."""
        if isinstance(self.body, Thing):
            return self.body.members
        return self.body.whole[name].members if name is not None and name in self.body.whole else self.body.common

    def writable_at(self, scope: str) -> bool:
        return bool(self._scopes & SCOPES[scope])


class _Document:
    """One published file: types that refer to each other by their place in it."""

    def __init__(self, types: list[dict[str, Any]]) -> None:
        self._types = types
        self._known: dict[int, Kind] = {}

    def resources(self) -> Mapping[str, ResourceType]:
        found = {}
        for item in self._types:
            if item["$type"] == "ResourceType":
                body = self.kind(item["body"])
                assert isinstance(body, Thing | Variants)  # noqa: S101 - the publisher's own rule
                found[item["name"].lower()] = ResourceType(item["name"], body, item["writableScopes"])
        return found

    def kind(self, reference: dict[str, str]) -> Kind:
        index = int(reference["$ref"].removeprefix("#/"))
        if index not in self._known:
            self._known[index] = self._read(self._types[index])
        return self._known[index]

    def _read(self, item: dict[str, Any]) -> Kind:
        match item["$type"]:
            case "StringLiteralType":
                return Text(item["value"])
            case "StringType":
                return Text(None, item.get("pattern"), item.get("minLength"), item.get("maxLength"))
            case "IntegerType":
                return Number(None, item.get("minValue"), item.get("maxValue"))
            case "BooleanType":
                return BOOL
            case "UnionType":
                return either(*map(self.kind, item["elements"]))
            case "ArrayType":
                return Sequence(self.kind(item["itemType"]), item.get("minLength"), item.get("maxLength"))
            case "ObjectType":
                return self._thing(item)
            case "DiscriminatedObjectType":
                return self._variants(item)
        return ANY

    def _thing(self, item: dict[str, Any]) -> Thing:
        others = item.get("additionalProperties")
        return Thing(item["name"], self._members(item["properties"]), self.kind(others) if others else None)

    def _variants(self, item: dict[str, Any]) -> Variants:
        found = {value: self.kind(reference) for value, reference in item["elements"].items()}
        things = {value: kind for value, kind in found.items() if isinstance(kind, Thing)}
        return Variants(item["name"], item["discriminator"], self._members(item["baseProperties"]), things)

    def _members(self, properties: dict[str, Any]) -> dict[str, Member]:
        return {name: self._member(item) for name, item in properties.items()}

    def _member(self, item: dict[str, Any]) -> Member:
        flags = item["flags"]
        bits = (bool(flags & bit) for bit in (REQUIRED, READ_ONLY, WRITE_ONLY, AT_START))
        return Member(lambda: self.kind(item["type"]), *bits)


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """All committed resource types by `type@version` in lower case."""
    documents = json.loads(lzma.decompress(DATA.read_bytes()))
    return {name: found for types in documents.values() for name, found in _Document(types).resources().items()}


def versions(name: str) -> list[str]:
    """The versions of a type that are committed."""
    return [found.version for found in resource_types().values() if found.name.lower() == name.lower()]
