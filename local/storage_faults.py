"""What faults make of the answers of the storage services, as bytes."""

import re
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from local.faults import Fault
from local.names import StorageService
from local.storage_errors import refusal

_DATE = re.compile(rb"\r\n(date): ([^\r\n]+)", re.IGNORECASE)
# As the services call them; a client may look at the code and not at the status.
_CODES = {408: "OperationTimedOut", 429: "TooManyRequests", 500: "InternalError", 503: "ServerBusy"}


def injected(service: StorageService, fault: Fault) -> bytes:
    """Give the whole answer of a `status` or a `garble`; it ends the connection."""
    if fault.do == "status":
        status = fault.status or 500
        answer = refusal(service, status, fault.code or _CODES.get(status, "InjectedFault"), "Told to answer so.")
    else:
        _, media_type, body = fault.answer()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\nConnection: close"
        answer = head.encode() + b"\r\n\r\n" + body
    if fault.retry_after is None:
        return answer
    return answer.replace(b"\r\n", b"\r\nRetry-After: %d\r\n" % fault.retry_after, 1)


def cut(answer: bytes) -> bytes:
    """Give the head and half of the body; of an answer without a body half of its status line.

    Half a head would do for many a client: it takes the end of the connection for the end of the head.
    """
    head, end, body = answer.partition(b"\r\n\r\n")
    return head + end + body[: len(body) // 2] if body else head[: head.index(b" ") + 2]


def with_date_off(answer: bytes, seconds: float) -> bytes:
    """Give the answer with its Date so many seconds off; bytes without a Date as they are."""
    head, end, body = answer.partition(b"\r\n\r\n")
    found = _DATE.search(head)
    if not found:
        return answer
    date = parsedate_to_datetime(found[2].decode("latin-1")) + timedelta(seconds=seconds)
    return head[: found.start(2)] + format_datetime(date, usegmt=True).encode() + head[found.end(2) :] + end + body
