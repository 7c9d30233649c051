"""The specification, OpenAPI 3.1: written from the table of operations, the models and the catalogue of problems."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from quantum_jobs import bodies
from quantum_jobs.examples import REQUESTS, answer
from quantum_jobs.operations import OPERATIONS, Operation, problems_of
from quantum_jobs.parameters import IF_NONE_MATCH, Parameter
from quantum_jobs.problems import catalogue
from quantum_jobs.request_members import MEMBERS
from quantum_jobs.responses import JSON, PROBLEM, problem
from quantum_jobs.schemas import ANSWERS

VERSION = "1.0.0"
TITLE = "Quantum Jobs"
DESCRIPTION = """\
Runs quantum programs on the machines and simulators of an Azure Quantum workspace.

Every request carries a token of the tenant, `Authorization: Bearer`. Submit a program, poll the job until `done`
is true (never faster than `Retry-After` says), read its result. Answers are open: ignore members that you do not know.
Errors are problem details (RFC 9457) whose `type` leads to a page about them. `HEAD` is answered wherever `GET` is.
"""
_SUCCESS = {204: "Nothing is left of it.", 303: "It lies at `Location`, which is good for five minutes."}
_UNCHANGED = "Your copy is current."
_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_HEADERS = {
    "Request-Id": ("Names this request in the service's log.", {"type": "string", "format": "uuid"}),
    "Location": ("Where it is.", {"type": "string", "format": "uri"}),
    "Retry-After": ("Seconds to wait before asking again; absent once the job is done.", {"type": "integer"}),
    "ETag": ("Names this state among all it ever has.", {"type": "string"}),
    "Idempotency-Replayed": (
        "Whether the key had made the job before.",
        {"type": "string", "enum": ["true", "false"]},
    ),
    "Cache-Control": ("Who may keep it, and how long.", {"type": "string"}),
    "Vary": ("Request headers that make a difference.", {"type": "string"}),
    "WWW-Authenticate": ("How to authenticate.", {"type": "string"}),
}
_PATH_PARAMETERS = {
    "jobId": ("The job's id, from the submit.", "job_vpevms6ucg5i8d6iq6is2qaacp"),
    "targetId": ("The target's id, from the list.", "rigetti.sim.qvm"),
    "webhookId": ("The webhook's id, from its registration.", "whk_0r3b7q2m5k9t1v4c8d6e0f2g3h"),
    "slug": ("The last part of a problem's `type`.", "program-invalid"),
}
_TAGS = {
    "jobs": "Submit, follow and end jobs; read what came of them.",
    "targets": "Machines and simulators.",
    "estimates": "What a program would cost, and when it would be done.",
    "uploads": "Programs too large for a request.",
    "webhooks": "Be told when a job ends, instead of asking.",
    "usage": "Money used, held and allowed.",
    "about": "The service itself.",
}
_LINKS = {
    "submit_job": ("jobId", "$response.body#/id"),
    "patch_job": ("jobId", "$response.body#/id"),
    "list_jobs": ("jobId", "$response.body#/value/0/id"),
    "create_webhook": ("webhookId", "$response.body#/id"),
    "list_webhooks": ("webhookId", "$response.body#/value/0/id"),
    "list_targets": ("targetId", "$response.body#/value/0/id"),
}


@cache
def specification(base_url: str) -> Mapping[str, Any]:
    """Give the whole specification for a service at this address; callers must not change it."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[f"/{operation.path}"][operation.method.lower()] = _operation(operation, base_url)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": base_url}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": dict(paths),
        "components": {
            "schemas": schemas(),
            "examples": {f"problem-{slug}": _problem_example(slug, base_url) for slug in _answered()},
            "securitySchemes": {
                "entra": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of Microsoft Entra ID for this service; its app roles decide.",
                }
            },
        },
    }


def schemas() -> dict[str, Any]:
    """Give the JSON Schemas of all bodies and answers by name."""
    models = [getattr(bodies, name) for name in REQUESTS] + list(ANSWERS.values())
    _, made = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    written = {name: _plain(schema) for name, schema in sorted(made["$defs"].items())}
    for name, members in MEMBERS.items():
        for member, text in members.items():
            written[name]["properties"][member]["description"] = text
    return written


def _plain(schema: Any) -> Any:
    """Leave out what pydantic adds for its own sake: titles made of names, defaults that say "absent"."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if not _added(name, value)}
    return {name: _plain(value) for name, value in kept.items()}


def _added(name: str, value: Any) -> bool:
    return (name == "title" and isinstance(value, str)) or (name == "default" and not isinstance(value, int | float))


def _operation(operation: Operation, base_url: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [_tag(operation)],
        "security": [{"entra": []}] if operation.roles else [],
        "responses": _responses(operation, base_url),
    }
    if operation.roles:
        described["description"] = f"Needs one of the roles {', '.join(sorted(operation.roles))}."
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.request:
        described["requestBody"] = _request_body(operation.request)
    return described


def _tag(operation: Operation) -> str:
    first = operation.path.partition("/")[0]
    return first if first in _TAGS else "about"


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
            "example": one,
        }
        for name, (text, one) in _PATH_PARAMETERS.items()
        if f"{{{name}}}" in operation.path
    ]
    return path + [_parameter(item) for item in operation.parameters]


def _parameter(item: Parameter) -> dict[str, Any]:
    schema = {"type": "array", "items": item.schema, "maxItems": 8} if item.repeated else item.schema
    return {
        "name": item.name,
        "in": item.place,
        "required": item.required,
        "description": item.description,
        "schema": schema,
    }


def _request_body(name: str) -> dict[str, Any]:
    examples = {key: {"value": value} for key, value in REQUESTS[name].items()}
    media_types = ["application/merge-patch+json", JSON] if name == "JobPatch" else [JSON]
    content = {"schema": {"$ref": f"#/components/schemas/{name}"}, "examples": examples}
    return {"required": True, "content": dict.fromkeys(media_types, content)}


def _responses(operation: Operation, base_url: str) -> dict[str, Any]:
    responses = {str(operation.status): _success(operation, base_url)}
    if IF_NONE_MATCH in operation.parameters:
        responses["304"] = {"description": _UNCHANGED, "headers": _headers(("ETag",))}
    if operation.name == "get_program":
        responses["303"] = {"description": _SUCCESS[303], "headers": _headers(("Location", "Cache-Control"))}
    by_status: dict[int, list[str]] = defaultdict(list)
    for error in problems_of(operation):
        by_status[error.status].append(error.slug)
    return responses | {str(status): _problems(status, slugs) for status, slugs in sorted(by_status.items())}


def _success(operation: Operation, base_url: str) -> dict[str, Any]:
    model = ANSWERS.get(operation.answer or "")
    text = _SUCCESS.get(operation.status) or (model.__doc__ if model else None) or operation.summary
    described: dict[str, Any] = {"description": text, "headers": _headers(operation.headers)}
    if content := _content(operation, base_url):
        described["content"] = content
    if links := _links(operation):
        described["links"] = links
    return described


def _content(operation: Operation, base_url: str) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    if operation.name == "get_error":
        return {"text/html": text}
    if operation.name == "get_openapi":
        return {JSON: {"schema": {"type": "object"}}}
    if operation.answer == "Program":
        return {"text/plain": text, JSON: {"schema": {"type": "object"}}}
    if operation.answer is None:
        return {}
    example = {"example": {"value": answer(operation.answer, base_url)}}
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{operation.answer}"}, "examples": example}}
    return content | ({"text/csv": text} if operation.answer == "Result" else {})


def _links(operation: Operation) -> dict[str, Any]:
    """Lead on from an answer to every operation on what it names."""
    parameter, expression = _LINKS.get(operation.name, ("", ""))
    return {
        other.operation_id: {"operationId": other.operation_id, "parameters": {parameter: expression}}
        for other in OPERATIONS
        if parameter and re.search(rf"{{{parameter}}}", other.path) and other is not operation
    }


def _headers(names: Sequence[str]) -> dict[str, Any]:
    # Marked as required, so that whoever checks answers against this file misses one that is not there.
    return {
        name: {"required": name != "Retry-After", "description": _HEADERS[name][0], "schema": _HEADERS[name][1]}
        for name in ("Request-Id", *names)
    }


def _problems(status: int, slugs: Sequence[str]) -> dict[str, Any]:
    extra = {
        401: ("WWW-Authenticate",),
        409: ("Retry-After",),
        412: ("ETag",),
        429: ("Retry-After",),
        503: ("Retry-After",),
    }
    return {
        "description": "; ".join(f"`{slug}`: {catalogue()[slug].title}" for slug in slugs) + ".",
        "headers": _headers(extra.get(status, ())),
        "content": {
            PROBLEM: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {slug: {"$ref": f"#/components/examples/problem-{slug}"} for slug in slugs},
            }
        },
    }


def _answered() -> list[str]:
    return sorted({error.slug for operation in OPERATIONS for error in problems_of(operation)})


def _problem_example(slug: str, base_url: str) -> dict[str, Any]:
    return {"value": example_document(slug, base_url)}


def example_document(slug: str, base_url: str) -> Mapping[str, Any]:
    """Give the problem details of a kind's example, or the `error` of a job that shows it."""
    example = catalogue()[slug].example
    if isinstance(example, Mapping):
        return {**example, "type": f"{base_url}/errors/{slug}"}
    body = problem(example, _REQUEST_ID, base_url).body
    assert isinstance(body, Mapping)  # noqa: S101 - problem details are a document
    return body
