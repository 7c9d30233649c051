"""The specification for API Management: OpenAPI 3.0.3 within what its import takes.

Source: azure-docs, api-management-api-import-restrictions: only `components/schemas` may be referred to; security,
links, `examples` and parameter styles are ignored. Type arrays fail. Not verified on Azure, nor is that the import
keeps the path `/*` (docs/gateway.md says how to look).
"""

from collections.abc import Mapping
from typing import Any

from quantum_jobs.openapi import specification

INTERNAL = frozenset({"health-ready"})  # asked by the platform itself, not through the gateway
# API Management answers 404 to a method that a path does not take, and knows HEAD only where it is an operation: on
# these the service answers itself. OPTIONS is not among them, preflights are the gateway's.
ANY_PATH = {f"any-path-{method}": method for method in ("get", "head", "post", "put", "patch", "delete")}
_OPERATION = ("operationId", "summary", "description", "tags", "parameters", "requestBody", "responses")
_VALUES = frozenset({"example", "enum", "default"})
_NOT_IN_3_0 = frozenset({"propertyNames", "patternProperties", "const"})


def gateway_specification(base_url: str) -> dict[str, Any]:
    """Give the specification that API Management imports."""
    full = specification(base_url)
    schemas: Mapping[str, Any] = full["components"]["schemas"]
    bodies = {_request_name(item) for item in _operations(full) if "requestBody" in item}
    paths = {path: kept for path, item in full["paths"].items() if (kept := _path(item, full))}
    paths["/*"] = {method: _any_path(name, method) for name, method in ANY_PATH.items()}
    # Bodies stand alone: `validate-content` is known to take plain schemas.
    written = {
        name: _schema(_inlined(schema, schemas) if name in bodies else schema, schemas)
        for name, schema in schemas.items()
    }
    return {
        "openapi": "3.0.3",
        "info": full["info"],
        "servers": full["servers"],
        "tags": full["tags"],
        "paths": paths,
        "components": {"schemas": {name: written[name] for name in sorted(_reachable(paths, written))}},
    }


def _operations(full: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [operation for item in full["paths"].values() for operation in item.values()]


def _request_name(operation: Mapping[str, Any]) -> str:
    content: Mapping[str, Any] = operation["requestBody"]["content"]
    return str(next(iter(content.values()))["schema"]["$ref"]).rpartition("/")[2]


def _reachable(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> set[str]:
    """Give the names of all schemas that the paths are made of."""
    found: set[str] = set()
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, Mapping):
        return []
    own = [str(node["$ref"]).rpartition("/")[2]] if "$ref" in node else []
    return own + [name for item in node.values() for name in _references(item)]


def _path(item: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    return {
        method: _operation(operation, full)
        for method, operation in item.items()
        if operation["operationId"] not in INTERNAL
    }


def _any_path(operation_id: str, method: str) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told = {"404": "Nothing is there.", "405": "The path takes other methods, those in Allow."}
    answers = {status: {"description": text, "content": problem} for status, text in told.items()}
    if method == "head":
        answers = {"200": {"description": "As GET on the path, without the body."}, **answers}
    return {
        "operationId": operation_id,
        "summary": f"{method.upper()} on a path without an operation",
        "tags": ["about"],
        "responses": answers,
    }


def _operation(operation: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: operation[name] for name in _OPERATION if name in operation}
    if "parameters" in kept:
        kept["parameters"] = [item | {"schema": _schema(item["schema"], {})} for item in kept["parameters"]]
    if "requestBody" in kept:
        kept["requestBody"] = {**kept["requestBody"], "content": _content(kept["requestBody"]["content"], full)}
    kept["responses"] = {status: _response(answer, full) for status, answer in kept["responses"].items()}
    return kept


def _response(answer: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in answer.items() if name != "links"}
    if "content" in kept:
        kept["content"] = _content(kept["content"], full)
    return kept


def _content(content: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    return {media_type: _media(item, full) for media_type, item in content.items()}


def _media(item: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    """Give the first example alone, in place: collections of them, and references to them, are not imported."""
    kept = {"schema": item["schema"]}
    for example in item.get("examples", {}).values():
        name = example.get("$ref", "").rpartition("/")[2]
        kept["example"] = (full["components"]["examples"][name] if name else example)["value"]
        break
    return kept


def _inlined(schema: Any, schemas: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, schemas) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return {**_inlined(schemas[schema["$ref"].rpartition("/")[2]], schemas), **beside}
    return {name: _inlined(value, schemas) for name, value in schema.items() if name != "oneOf"}


def _schema(schema: Any, schemas: Mapping[str, Any]) -> Any:
    """Write a schema of 3.1 as one of 3.0: `null` as `nullable`, one example, no words that came later."""
    if isinstance(schema, list):
        return [_schema(item, schemas) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "anyOf" in schema:
        schema = _nullable(dict(schema), schemas)
    kept: dict[str, Any] = {name: value for name, value in schema.items() if name not in _NOT_IN_3_0}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    if "patternProperties" in schema:
        kept["additionalProperties"] = next(iter(schema["patternProperties"].values()))
    if isinstance(kept.get("examples"), list):
        kept["example"] = kept.pop("examples")[0]
    if "$ref" in kept and len(kept) > 1:
        kept["allOf"] = [{"$ref": kept.pop("$ref")}]  # beside a reference nothing else counts
    return {name: value if name in _VALUES else _schema(value, schemas) for name, value in kept.items()}


def _nullable(schema: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Write `anyOf: [something, null]`; in place, because 3.0 has `nullable` only beside the type that it widens."""
    alternatives = [item for item in schema.pop("anyOf") if item != {"type": "null"}]
    if len(alternatives) != 1:
        raise ValueError(f"{alternatives} cannot be written in OpenAPI 3.0")
    (only,) = alternatives
    written = schemas[only["$ref"].rpartition("/")[2]] if "$ref" in only else only
    return {**written, **schema, "nullable": True}
