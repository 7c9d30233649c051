"""The parameters that operations take in the query and in headers."""

from dataclasses import dataclass, field
from typing import Any

from quantum_jobs.models import JobState


@dataclass(frozen=True)
class Parameter:
    """A parameter in the query or a header; `schema` is JSON Schema, `repeated` may be sent several times."""

    name: str
    description: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    place: str = "query"
    repeated: bool = False
    required: bool = False


IF_NONE_MATCH = Parameter("If-None-Match", "The ETag of the copy you have; 304 if it is current.", place="header")
IF_MATCH = Parameter("If-Match", "The ETag of the state you have seen; 412 if the job has changed.", place="header")
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "A new UUID per job, the same again when you repeat the request.",
    {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[\\x21-\\x7e]+$"},
    place="header",
    required=True,
)
_MOMENT = {"type": "string", "format": "date-time"}
LIST_FILTERS = (
    Parameter(
        "state",
        "Jobs in this state; several: in any.",
        {"type": "string", "enum": [item.value for item in JobState]},
        repeated=True,
    ),
    Parameter("target", "Jobs for this target.", {"type": "string", "minLength": 1, "maxLength": 128}),
    Parameter(
        "tag",
        "Jobs with this tag, `name:value`; several: with all.",
        {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:[^\\x00]{0,256}$"},
        repeated=True,
    ),
    Parameter("createdAfter", "Jobs made after this moment.", _MOMENT),
    Parameter("createdBefore", "Jobs made before this moment.", _MOMENT),
    Parameter("pageSize", "Jobs in a page.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}),
    Parameter("pageToken", "Where the page begins, from `nextLink`.", {"type": "string", "maxLength": 512}),
)
TARGET_FILTERS = (
    Parameter(
        "minQubits", "Targets with at least so many qubits.", {"type": "integer", "minimum": 1, "maximum": 10000}
    ),
    Parameter(
        "availability",
        "Targets in this condition.",
        {"type": "string", "enum": ["available", "degraded", "unavailable"]},
    ),
    Parameter("simulator", "Simulators only, or machines only.", {"type": "boolean"}),
    Parameter("format", "Targets that take this format.", {"type": "string", "minLength": 1, "maxLength": 128}),
)
