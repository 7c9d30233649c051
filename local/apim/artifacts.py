"""Reads the tree of artifacts as APIOps publishes it: policies, fragments, named values, backends, APIs.

Source of the layout: github.com/Azure/apiops. What a folder holds that is not known here is refused, not skipped.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.apim.documents import Element, read_document, with_named_values
from local.apim.errors import Place, PolicyRefused, TreeRefused

SET_AT_DEPLOYMENT = "set-at-deployment"
_FRAGMENT_BYTES = 512 * 1024
_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
_FOLDERS = frozenset({"apis", "backends", "loggers", "diagnostics", "named values", "policy fragments", "version sets"})
_FILES = frozenset({"policy.xml", "openapi.json"})


@dataclass(frozen=True)
class Operation:
    """One operation of an API: `template` as in the specification, `policy` its document, if it has one."""

    id: str
    method: str
    template: str
    policy: Element | None


@dataclass(frozen=True)
class Api:
    """An API: `prefix` is its path with the version, `/quantum/v1`."""

    id: str
    name: str
    prefix: str
    version: str
    service_url: str
    policy: Element | None
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Information:
    """A JSON file of an artifact, with where it stands."""

    properties: Mapping[str, Any]
    place: Place


@dataclass(frozen=True)
class Tree:
    """All artifacts. Named values are in their places already; `policy` is the one of all APIs."""

    folder: Path
    policy: Element | None
    fragments: Mapping[str, Element]
    named_values: Mapping[str, str]
    backends: Mapping[str, Information]
    apis: tuple[Api, ...]

    def documents(self) -> Iterator[tuple[str, Element]]:
        """Give every policy document with its scope: global, api, operation or fragment."""
        if self.policy:
            yield "global", self.policy
        yield from (("fragment", element) for element in self.fragments.values())
        for api in self.apis:
            if api.policy:
                yield "api", api.policy
            yield from (("operation", item.policy) for item in api.operations if item.policy)


class Faults:
    """Collects what is refused, so that all of it can be told at once."""

    def __init__(self) -> None:
        self.found: list[PolicyRefused] = []

    def catch[**P, R](self, work: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R | None:
        """Do something; when it is refused, keep the fault and give None."""
        try:
            return work(*arguments, **options)
        except PolicyRefused as fault:
            self.found.append(fault)
        except TreeRefused as refused:
            self.found += refused.faults
        return None

    def raise_if_any(self) -> None:
        """Raise TreeRefused with all that was found."""
        if self.found:
            raise TreeRefused(self.found)


def read_tree(folder: Path, overrides: Mapping[str, str] | None = None) -> Tree:
    """Read a tree; `overrides` are the named values of this deployment.

    Raises:
        TreeRefused: every file that is missing, unknown or not what it should be, and every named value that is
            still to be set, or is overridden without being there.
    """
    return _TreeReader(folder).read(overrides or {})


class _TreeReader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults = Faults()

    def read(self, overrides: Mapping[str, str]) -> Tree:
        if not self._folder.is_dir():
            raise TreeRefused([PolicyRefused(Place(self._folder, 1), "there is no such folder of artifacts")])
        self._refuse_unknown()
        values = self._named_values(overrides)
        self._faults.raise_if_any()
        tree = Tree(
            self._folder,
            self._policy(self._folder, values),
            self._fragments(values),
            values,
            {file.parent.name: found for file, found in self._information("backends", "backendInformation.json")},
            tuple(api for item in self._folders("apis") if (api := self._faults.catch(self._api, item, values))),
        )
        self._faults.raise_if_any()
        return tree

    def _refuse_unknown(self) -> None:
        for item in sorted(self._folder.iterdir()):
            known = _FOLDERS if item.is_dir() else _FILES
            if item.name not in known:
                what = "folder" if item.is_dir() else "file"
                self._refuse(item, f"the gateway knows no {what} of this name; known are {', '.join(sorted(known))}")

    def _refuse(self, file: Path, reason: str, line: int = 1) -> None:
        self._faults.found.append(PolicyRefused(Place(self._shown(file), line), reason))

    def _shown(self, file: Path) -> Path:
        return Path(self._folder.name) / file.relative_to(self._folder)

    def _folders(self, name: str) -> list[Path]:
        folder = self._folder / name
        return sorted(item for item in folder.iterdir() if item.is_dir()) if folder.is_dir() else []

    def _information(self, folder: str, name: str) -> Iterator[tuple[Path, Information]]:
        for item in self._folders(folder):
            if found := self._faults.catch(self._json, item / name):
                yield item / name, Information(found.get("properties", {}), Place(self._shown(item / name), 1))

    def _json(self, file: Path) -> Mapping[str, Any]:
        place = Place(self._shown(file), 1)
        try:
            found = json.loads(file.read_text())
        except FileNotFoundError:
            raise PolicyRefused(place, "the file is missing") from None
        except ValueError as error:
            raise PolicyRefused(place, f"not JSON: {error}") from None
        if not isinstance(found, dict):
            raise PolicyRefused(place, "must be a JSON object")
        return found

    def _named_values(self, overrides: Mapping[str, str]) -> Mapping[str, str]:
        files = dict(self._information("named values", "namedValueInformation.json"))
        values = {}
        for file, found in files.items():
            name = str(found.properties.get("displayName", file.parent.name))
            value = overrides.get(name, found.properties.get("value"))
            if not isinstance(value, str) or value == SET_AT_DEPLOYMENT:
                self._refuse(file, f"the named value {name!r} is to be set at deployment, and was not")
            else:
                values[name] = value
        for name in sorted(set(overrides) - {str(found.properties.get("displayName")) for found in files.values()}):
            self._refuse(self._folder / "named values", f"{name!r} is overridden, and there is no such named value")
        return values

    def _document(self, file: Path, values: Mapping[str, str], largest: int) -> Element:
        return with_named_values(read_document(file, self._shown(file), largest_bytes=largest), values)

    def _policy(self, folder: Path, values: Mapping[str, str]) -> Element | None:
        file = folder / "policy.xml"
        return self._faults.catch(self._document, file, values, _FRAGMENT_BYTES // 2) if file.is_file() else None

    def _fragments(self, values: Mapping[str, str]) -> Mapping[str, Element]:
        fragments = {}
        for item in self._folders("policy fragments"):
            file = item / "policy.xml"
            if not file.is_file():
                self._refuse(file, "the file is missing")
            elif element := self._faults.catch(self._document, file, values, _FRAGMENT_BYTES):
                fragments[item.name] = element
        return fragments

    def _api(self, folder: Path, values: Mapping[str, str]) -> Api:
        known = self._json(folder / "apiInformation.json").get("properties", {})
        version = str(known.get("apiVersion", ""))
        parts = [part for part in (str(known.get("path", "")).strip("/"), version) if part]
        return Api(
            id=folder.name,
            name=str(known.get("displayName", folder.name)),
            prefix="".join(f"/{part}" for part in parts),
            version=version,
            service_url=str(known.get("serviceUrl") or ""),
            policy=self._policy(folder, values),
            operations=tuple(self._operations(folder, values)),
        )

    def _operations(self, folder: Path, values: Mapping[str, str]) -> list[Operation]:
        specification = self._json(folder / "specification.json")
        found = []
        for template, item in specification.get("paths", {}).items():
            for method in (name for name in item if name in _METHODS):
                name = str(item[method]["operationId"])
                policy = self._policy(folder / "operations" / name, values)
                found.append(Operation(name, method.upper(), str(template), policy))
        self._refuse_orphans(folder, {operation.id for operation in found})
        return found

    def _refuse_orphans(self, folder: Path, known: set[str]) -> None:
        operations = folder / "operations"
        for item in sorted(operations.iterdir()) if operations.is_dir() else ():
            if item.name not in known:
                self._refuse(item / "policy.xml", f"the specification has no operation {item.name!r}")
