"""Entity-group transactions of Table Storage: several rows of one partition, all of them written or none.

Written and read here, because the tables package takes three times the processor time for one; why, and what that
costs us: docs/decisions/008. Source: "Performing entity group transactions" in Microsoft's reference of the service.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from quantum_jobs.border import PATIENCE

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest, HttpResponse

type Row = Mapping[str, Any]

_SCOPE = "https://storage.azure.com/.default"
_VERSION = "2019-02-02"
_MOST_INT32 = 2**31 - 1
_BOUNDARY = re.compile(rb'boundary="?([^";\s]+)"?', re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r\n]")
_ETAG = re.compile(rb"\r\netag:[ \t]*([^\r\n]+)", re.IGNORECASE)


class Unreadable(ValueError):
    """An answer to a transaction is not what Table Storage writes: whether anything was written is not known."""


@dataclass(frozen=True)
class Change:
    """A row to insert; with an ETag, to replace if it still has this ETag; `always`, to write whatever is there."""

    row: Row
    etag: str | None = None
    always: bool = False


@dataclass(frozen=True)
class Outcome:
    """200 and each row's ETag; or status and code of the change that stood in the way of all."""

    status: int
    etags: tuple[str, ...] = ()
    code: str = ""


class Transactions:
    """The door to the transactions of one table, with the service's identity, over connections it may share."""

    def __init__(
        self, url: str, table: str, credential: TokenCredential, transport: Callable[[], RequestsTransport]
    ) -> None:
        self._url = url
        self._table = f"{url}/{table}"
        self._credential = credential
        self._transport = transport

    def send(self, changes: Sequence[Change]) -> Outcome:
        """Write all changes or none.

        Raises:
            AzureError: no answer, or none that can be read; the changes may have been written.
        """
        from azure.core.exceptions import DecodeError

        response = self._client.send_request(self._request(changes))
        try:
            return _outcome(response, len(changes))
        except Unreadable as error:
            raise DecodeError(str(error), response=response) from error

    def _request(self, changes: Sequence[Change]) -> HttpRequest:
        from azure.core.rest import HttpRequest

        boundary = f"batch_{uuid.uuid4()}"
        headers = {
            "Content-Type": f"multipart/mixed; boundary={boundary}",
            "Accept": "application/json",
            "DataServiceVersion": "3.0",
            "MaxDataServiceVersion": "3.0;NetFx",
            "x-ms-version": _VERSION,
            "x-ms-date": formatdate(usegmt=True),
        }
        body = written(self._table, changes, boundary)
        return HttpRequest("POST", f"{self._url}/$batch", headers=headers, content=body)

    @cached_property
    def _client(self) -> PipelineClient[HttpRequest, HttpResponse]:
        from azure.core import PipelineClient
        from azure.core.pipeline import policies

        # What a transaction needs of the tables package's own pipeline: nothing here follows redirects or signs by key.
        return PipelineClient(
            self._url,
            policies=[
                policies.RequestIdPolicy(),
                policies.UserAgentPolicy("quantum-jobs"),
                policies.RetryPolicy(**PATIENCE),
                policies.BearerTokenCredentialPolicy(self._credential, _SCOPE),
                policies.DistributedTracingPolicy(),
            ],
            transport=self._transport(),
            **PATIENCE,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def written(table_url: str, changes: Sequence[Change], boundary: str) -> bytes:
    """Write the body of a transaction."""
    inner = f"changeset_{uuid.uuid4()}"
    operations = "".join(
        f"--{inner}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {place}\r\n\r\n{_operation(table_url, change)}\r\n"
        for place, change in enumerate(changes)
    )
    head = f"--{boundary}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n"
    return f"{head}{operations}--{inner}--\r\n\r\n--{boundary}--\r\n".encode("ascii")


def _operation(table_url: str, change: Change) -> str:
    document = json.dumps(
        _properties(change.row), separators=(",", ":")
    )  # ASCII, and no line ends: no part can end here
    line = f"POST {table_url}"
    if change.etag or change.always:
        partition, row = (_quoted(change.row[name]) for name in ("PartitionKey", "RowKey"))
        line = f"PUT {table_url}(PartitionKey='{partition}',RowKey='{row}')"
    match = f"If-Match: {change.etag}\r\n" if change.etag else ""
    return (
        f"{line} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(document)}\r\n"
        f"Accept: application/json;odata=minimalmetadata\r\nPrefer: return-no-content\r\nDataServiceVersion: 3.0\r\n"
        f"{match}\r\n{document}"
    )


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def _properties(row: Row) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            written[name] = base64.b64encode(value).decode()
            written[f"{name}@odata.type"] = "Edm.Binary"
        elif isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= _MOST_INT32):
            written[name] = value
        else:
            raise TypeError(f"{name}: {type(value).__name__} of this size is no property of a row")
    return written


def _outcome(response: HttpResponse, changes: int) -> Outcome:
    if response.status_code == 202:
        return read(response.headers.get("Content-Type", ""), response.read(), changes)
    if response.status_code >= 500 or response.status_code in (401, 403, 408, 429):
        response.raise_for_status()
    if response.status_code < 400:
        raise Unreadable(f"{response.status_code} is no answer to a transaction.")
    return Outcome(response.status_code, code=_code(response.read()))


def read(content_type: str, body: bytes, changes: int) -> Outcome:
    """Read the answer to a transaction of so many changes.

    Raises:
        Unreadable: it is cut off, or no such answer.
    """
    (changeset,) = _parts(content_type.encode(), body, exactly=1)
    head, _, inner = changeset.partition(b"\r\n\r\n")
    answers = [part.partition(b"\r\n\r\n")[2] for part in _parts(head, inner)]
    statuses = [_status(answer) for answer in answers]
    for status, answer in zip(statuses, answers, strict=True):
        if not 200 <= status < 300:
            return Outcome(status, code=_code(answer.partition(b"\r\n\r\n")[2]))
    if len(answers) != changes:
        raise Unreadable(f"{len(answers)} answers to {changes} changes.")
    return Outcome(200, tuple(map(_etag, answers)))


def _parts(head: bytes, body: bytes, exactly: int | None = None) -> list[bytes]:
    found = _BOUNDARY.search(head)
    if found is None:
        raise Unreadable("The answer has no boundary.")
    pieces = (b"\r\n" + body).split(b"\r\n--" + found[1])
    if len(pieces) < 3 or not pieces[-1].startswith(b"--") or (exactly and len(pieces) != exactly + 2):
        raise Unreadable("The answer is cut off.")
    return pieces[1:-1]


def _status(answer: bytes) -> int:
    found = _STATUS.match(answer)
    if found is None:
        raise Unreadable("A part of the answer has no status.")
    return int(found[1])


def _etag(answer: bytes) -> str:
    found = _ETAG.search(answer.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1") if found else ""


def _code(document: bytes) -> str:
    try:
        return str(json.loads(document)["odata.error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
