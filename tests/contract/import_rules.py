"""What API Management's import takes and what it does not, as a checker.

Source: azure-docs, api-management-api-import-restrictions; azure-docs issues 123982 (type arrays), 119506 (numeric
exclusive bounds), 105288 (info.summary).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NO_OPERATION_MEMBERS = ("callbacks", "security", "servers", "externalDocs")
_NO_PARAMETER_MEMBERS = ("style", "explode", "allowReserved", "allowEmptyValue")
_ONLY_IN_3_1 = ("const", "propertyNames", "patternProperties", "if", "prefixItems", "$defs")


def violations(document: Mapping[str, Any]) -> list[str]:
    """List everything in a specification that the import refuses, drops or turns into something else."""
    return [*_root(document), *_operations(document), *_references(document, document), *_recursion(document)]


def _root(document: Mapping[str, Any]) -> Iterator[str]:
    if document["openapi"] != "3.0.3":
        yield f"version {document['openapi']}"
    if len(json.dumps(document)) > 4 * 2**20:
        yield "larger than 4 MB"
    yield from (f"components.{name}" for name in document["components"] if name != "schemas")
    yield from (f"root.{name}" for name in ("externalDocs", "security", "webhooks") if name in document)
    if "summary" in document["info"]:
        yield "info.summary"


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    seen: set[str] = set()
    for path, item in document["paths"].items():
        yield from (f"{path}: {name}" for name in item if name not in _METHODS or name == "trace")
        for method, operation in item.items():
            yield from (f"{path} {method}: {text}" for text in _operation(method, operation, seen))


def _operation(method: str, operation: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    identifier = operation["operationId"]
    if not _IDENTIFIER.fullmatch(identifier) or len(identifier) > 76 or identifier in seen:
        yield f"operationId {identifier}"
    seen.add(identifier)
    if not 0 < len(operation["summary"]) <= 300:
        yield "summary"
    if method in ("get", "head", "options") and "requestBody" in operation:
        yield "a body that is dropped"
    yield from (name for name in _NO_OPERATION_MEMBERS if name in operation)
    yield from (f"response {status} has links" for status, item in operation["responses"].items() if "links" in item)
    yield from _parameters(operation.get("parameters", []))


def _parameters(parameters: list[Mapping[str, Any]]) -> Iterator[str]:
    names: set[str] = set()
    for item in parameters:
        yield from (f"{item['name']}: {name}" for name in _NO_PARAMETER_MEMBERS if name in item)
        if item["in"] == "cookie" or (item["in"] == "query" and item.get("required")):
            yield f"{item['name']}: {item['in']}, required: {item.get('required')}"
        if item["in"] in ("query", "path") and item["name"].lower() in names:
            yield f"{item['name']} twice"
        names.add(item["name"].lower())


def _references(node: Any, document: Mapping[str, Any], where: str = "#") -> Iterator[str]:
    if isinstance(node, list):
        for place, item in enumerate(node):
            yield from _references(item, document, f"{where}/{place}")
    if not isinstance(node, Mapping) or where.endswith(("/example", "/examples")):
        return
    if "$ref" in node and node["$ref"].rpartition("/")[2] not in _schemas_if(node["$ref"], document):
        yield f"{where}: {node['$ref']}"
    for name, value in node.items():
        if not where.endswith("/properties"):
            yield from (f"{where}: {text}" for text in _schema_member(name, value))
        yield from _references(value, document, f"{where}/{name}")


def _schemas_if(reference: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (
        document["components"]["schemas"] if reference.startswith("#/components/schemas/") else {}
    )
    return found


def _schema_member(name: str, value: Any) -> Iterator[str]:
    if name == "type" and (isinstance(value, list) or value == "null"):
        yield f"type {value}"
    if name in ("exclusiveMinimum", "exclusiveMaximum") and not isinstance(value, bool):
        yield f"{name} {value}"
    if name == "examples" or name in _ONLY_IN_3_1:
        yield name
    if name.startswith("x-"):
        yield name


def _recursion(document: Mapping[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    uses = {
        name: set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema))) for name, schema in schemas.items()
    }
    for name in schemas:
        reached, waiting = set(), set(uses[name])
        while waiting:
            one = waiting.pop()
            reached.add(one)
            waiting |= uses.get(one, set()) - reached
        if name in reached:
            yield f"{name} is made of itself"
