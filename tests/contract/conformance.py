"""Holds an answer against the specification: its status, headers, media type and body must be described there."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from quantum_jobs.openapi import specification
from quantum_jobs.operations import OPERATIONS, Operation

_PROBLEM = "application/problem+json"
_NO_OPERATION = {404: "not-found", 405: "method-not-allowed"}


def conforms(response: httpx.Response) -> None:
    """Fail unless the answer is one that the specification has; to be hung into a client as a hook."""
    response.read()
    operation = _operation(response.request)
    described = _described(operation, response.status_code) if operation else None
    if described is None:
        _no_operation(response)
        return
    _headers(response, described)
    body = response.request.method != "HEAD" and response.status_code != 304
    if body and "content" in described:
        _body(response, described["content"])
    else:
        assert response.content == b"", _shown(response)


def _operation(request: httpx.Request) -> Operation | None:
    path = request.url.raw_path.decode().partition("?")[0].removeprefix("/quantum").removeprefix("/v1").strip("/")
    method = "GET" if request.method == "HEAD" else request.method
    for item in OPERATIONS:
        if item.method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", item.path), path, re.IGNORECASE):
            return item
    return None


def _described(operation: Operation, status: int) -> Mapping[str, Any] | None:
    responses = _document()["paths"][f"/{operation.path}"][operation.method.lower()]["responses"]
    found: Mapping[str, Any] | None = responses.get(str(status))
    return found


def _no_operation(response: httpx.Response) -> None:
    """What has no operation is told so by a problem as well."""
    slug = _NO_OPERATION.get(response.status_code)
    assert slug, f"not described: {_shown(response)}"
    if response.request.method != "HEAD":
        _body(response, {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}})
        assert response.json()["type"].endswith(f"/errors/{slug}"), _shown(response)


def _headers(response: httpx.Response, described: Mapping[str, Any]) -> None:
    for name, header in described["headers"].items():
        if header["required"]:
            assert name in response.headers, f"no {name}: {_shown(response)}"
        if name in response.headers and header["schema"]["type"] == "integer":
            assert response.headers[name].isdigit(), _shown(response)


def _body(response: httpx.Response, content: Mapping[str, Any]) -> None:
    media_type = response.headers.get("content-type", "").partition(";")[0]
    assert media_type in content, f"media type {media_type}: {_shown(response)}"
    if media_type.endswith("json"):
        fault = next(_validator(json.dumps(content[media_type]["schema"])).iter_errors(response.json()), None)
        assert fault is None, f"{fault}: {_shown(response)}"
    if media_type == _PROBLEM:
        members = response.json()
        assert members["status"] == response.status_code, _shown(response)
        assert members["instance"] == f"urn:uuid:{response.headers['request-id']}", _shown(response)


def _shown(response: httpx.Response) -> str:
    return f"{response.request.method} {response.request.url} -> {response.status_code} {response.text[:1000]}"


@cache
def _document() -> Mapping[str, Any]:
    return json.loads(json.dumps(specification("https://service/v1")))  # type: ignore[no-any-return]


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": _document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
