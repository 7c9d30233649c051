"""The bodies of the workspace's API: what a client sends, and a job as it is kept and shown."""

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.azure_quantum.authentication import Caller
from local.azure_quantum.errors import Refused
from local.azure_quantum.times import Ticks, text
from local.names import WorkspaceKind

type Status = Literal["Waiting", "Executing", "Finishing", "Succeeded", "Failed", "Cancelled"]
type Kind = WorkspaceKind
type Priority = Literal["Standard", "High"]
TERMINAL: frozenset[str] = frozenset({"Succeeded", "Failed", "Cancelled"})
_V2_WORDS = {"Waiting": "Queued", "Succeeded": "Completed"}


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", strict=True)


class JobRequest(_Body):
    """A job as a client defines it."""

    name: str = Field(min_length=1)
    provider_id: str
    target: str
    container_uri: str
    input_data_format: str
    item_type: Literal["Job"] = "Job"
    job_type: str | None = None
    session_id: str | None = None
    input_data_uri: str | None = None
    output_data_format: str | None = None
    input_params: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    priority: Priority | None = None
    tags: list[str] | None = None

    @property
    def item_count(self) -> int:
        """How many entry points a batch runs; 1 for any other job."""
        items = (self.input_params or {}).get("items")
        return len(items) if isinstance(items, list) else 1

    def fingerprint(self) -> str:
        """Give what makes two requests the same; signatures in URIs do not count, for a repeat may sign anew."""
        body = self.model_dump(mode="json")
        for name in ("container_uri", "input_data_uri"):
            body[name] = unsigned(body[name]) if body[name] else None
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class SessionRequest(_Body):
    """A session as a client defines it."""

    name: str = Field(min_length=1)
    provider_id: str
    target: str
    id: str | None = None
    item_type: Literal["Session"] = "Session"
    job_failure_policy: Literal["Abort", "Continue"] = "Abort"
    priority: Priority | None = None
    tags: list[str] | None = None


class JobUpdate(_Body):
    """What may change after submission; a member left out or null stays."""

    name: str | None = Field(default=None, min_length=1)
    priority: Priority | None = None
    tags: list[str] | None = None


class SasRequest(_Body):
    container_name: str
    blob_name: str | None = None


def parsed[Body: _Body](kind: type[Body], document: bytes, code: str = "InvalidJobDefinition") -> Body:
    """Read a body; raises Refused naming the member that is wrong."""
    try:
        return kind.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise Refused(400, code, f"{where}: {first['msg']}.") from error


def unsigned(uri: str) -> str:
    """Leave the query, and with it the signature, out of a URI."""
    return urlsplit(uri)._replace(query="").geturl()


@dataclass
class Job:
    """A job of the workspace; `times` in ticks, None until they happen."""

    id: str
    request: JobRequest
    caller: Caller
    container: str
    created: Ticks
    kind: Kind = "V1"
    status: Status = "Waiting"
    is_cancelling: bool = False
    began: Ticks | None = None
    ended: Ticks | None = None
    cancelled: Ticks | None = None
    updated: Ticks | None = None
    output_blob: str = "outputData"
    cost: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    usage: dict[str, float] | None = None
    fingerprint: str = field(default="")
    position: int = 0

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL

    @property
    def state(self) -> str:
        """Give the status word of a workspace of this kind (V2 has words for a cancellation under way)."""
        if self.kind == "V1":
            return self.status
        if self.is_cancelling and not self.is_done:
            return "CancellationRequested" if self.status == "Waiting" else "Cancelling"
        return _V2_WORDS.get(self.status, self.status)

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def provider_id(self) -> str:
        return self.request.provider_id.lower()

    @property
    def target(self) -> str:
        return self.request.target

    @property
    def session_key(self) -> str | None:
        return self.request.session_id.lower() if self.request.session_id else None

    item_type: ClassVar = "Job"
    job_type: ClassVar = "QuantumComputing"

    def record(self) -> str:
        """Write all of it as JSON."""
        progress = {name: getattr(self, name) for name in _PLAIN}
        caller = {"id": self.caller.id, "kind": self.caller.kind}
        request = self.request.model_dump_json(by_alias=True, exclude_none=True)
        return f'{{"request": {request}, "caller": {json.dumps(caller)}, "progress": {json.dumps(progress)}}}'

    @classmethod
    def of_record(cls, record: str) -> "Job":
        """Read what `record` wrote; raises ValueError, KeyError or TypeError."""
        document = json.loads(record)
        request = JobRequest.model_validate(document["request"])
        return cls(request=request, caller=Caller(**document["caller"]), **document["progress"])


_PLAIN = [entry.name for entry in fields(Job) if entry.name not in {"request", "caller", "position"}]


@dataclass(frozen=True)
class Links:
    """URIs of a job's data, signed or not."""

    container: str
    input: str
    output: str | None


def job_document(job: Job, links: Links, api_version: str) -> dict[str, Any]:
    """Show a job as the service does: every member present, null where there is nothing yet."""
    request = job.request
    document: dict[str, Any] = {
        "containerUri": links.container,
        "inputDataUri": links.input,
        "inputDataFormat": request.input_data_format,
        "inputParams": request.input_params,
        "metadata": request.metadata,
        "sessionId": request.session_id,
        "status": job.state,
        "jobType": job.job_type,
        "outputDataFormat": request.output_data_format,
        "outputDataUri": links.output,
        "beginExecutionTime": text(job.began),
        "cancellationTime": text(job.cancelled),
        "quantumComputingData": None if job.began is None else {"count": request.item_count},
        "errorData": job.error,
        "isCancelling": job.is_cancelling and not job.is_done,
        "tags": request.tags or [],
        "name": job.name,
        "id": job.id,
        "providerId": job.provider_id,
        "target": job.target,
        "creationTime": text(job.created),
        "endExecutionTime": text(job.ended),
        "costEstimate": job.cost,
        "itemType": job.item_type,
    }
    own = {"usage": job.usage} if has_priority(api_version) else {}
    return document | members_of_version(job.request.priority, job.caller, job.updated, api_version) | own


def has_priority(api_version: str) -> bool:
    """Tell whether this version says priority and who made an item; the one before said jobPriority."""
    return not api_version.startswith("2025-12-01")


def members_of_version(priority: str | None, caller: Caller, updated: Ticks | None, api_version: str) -> dict[str, Any]:
    """Give the members of an item that only one of the API versions has."""
    if not has_priority(api_version):
        return {"jobPriority": "Basic"}
    return {
        "priority": priority or "Standard",
        "createdBy": caller.id,
        "createdByType": caller.kind,
        "lastModifiedTime": text(updated),
        "lastModifiedBy": caller.id,
        "lastModifiedByType": caller.kind,
        "lastUpdatedTime": text(updated),
    }
