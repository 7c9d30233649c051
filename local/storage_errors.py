"""Answers of the storage services to requests that may not pass, in each service's own shape."""

import json
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from xml.sax.saxutils import escape

from local.names import LOGIN_HOST, TENANT_ID, StorageService

CHALLENGE = (
    f"Bearer authorization_uri=https://{LOGIN_HOST}/{TENANT_ID}/oauth2/authorize resource_id=https://storage.azure.com"
)


def refusal(service: StorageService, status: int, code: str, text: str) -> bytes:
    """Give a whole HTTP answer that ends the connection: XML from blobs and queues, JSON (OData) from tables."""
    request_id, now = str(uuid.uuid4()), datetime.now(UTC)
    message = f"{text}\nRequestId:{request_id}\nTime:{now:%Y-%m-%dT%H:%M:%S.%fZ}"
    body, content_type = _odata(code, message) if service == "table" else _xml(code, message)
    fields = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "x-ms-error-code": code,
        "x-ms-request-id": request_id,
        "Date": f"{now:%a, %d %b %Y %H:%M:%S GMT}",
        "Connection": "close",
    }
    if status == HTTPStatus.UNAUTHORIZED:
        fields["WWW-Authenticate"] = CHALLENGE
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join((*lines, "", "")).encode() + body


def _xml(code: str, message: str) -> tuple[bytes, str]:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return b'<?xml version="1.0" encoding="utf-8"?>' + text.encode(), "application/xml"


def _odata(code: str, message: str) -> tuple[bytes, str]:
    document = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": message}}}
    return json.dumps(document).encode(), "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
