"""Reads HTTP/1.1 requests off a connection as the bytes come, and gives them back ready to be sent on."""

from dataclasses import dataclass, field
from typing import Protocol

import httptools

MALFORMED = (httptools.HttpParserError, httptools.HttpParserUpgrade)
LONGEST_HEAD_BYTES = 64 * 1024


class Malformed(Exception):
    """The bytes are not an HTTP/1.1 request."""


@dataclass
class Head:
    """Request line and header fields, octet for octet as they came."""

    method: bytes = b""
    target: bytes = b""
    version: str = "1.1"
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)

    def get(self, name: bytes) -> bytes | None:
        """Give the first field of a name (lower case)."""
        return next((value for key, value in self.fields if key.lower() == name), None)

    def encode(self) -> bytes:
        lines = [b"%s %s HTTP/%s" % (self.method, self.target, self.version.encode())]
        lines += [b"%s: %s" % pair for pair in self.fields]
        return b"\r\n".join((*lines, b"", b""))


class Receiver(Protocol):
    """Takes requests in order: a head, pieces of its body framed for the wire, an end."""

    def head(self, head: Head) -> None: ...

    def body(self, content: bytes, framed: bytes) -> None:
        """Take a piece of content, and the same with its chunk framing where the body is chunked."""

    def end(self, framed: bytes) -> None:
        """Take the end of the request; `framed` is the last chunk, empty unless the body is chunked."""


class RequestStream:
    """Parses one connection's requests; how the bytes were cut on their way makes no difference to the result."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._head = Head()
        self._in_head = True
        self._head_bytes = 0
        self._chunked = False
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Take bytes; raises Malformed, after which the connection is of no use."""
        try:
            self._parser.feed_data(data)
        except MALFORMED as error:
            raise Malformed(str(error)) from error
        self._head_bytes = self._head_bytes + len(data) if self._in_head and self._head.target else 0
        if self._head_bytes > LONGEST_HEAD_BYTES:
            raise Malformed("The head of the request is too long.")

    def on_message_begin(self) -> None:
        self._head, self._in_head = Head(), True

    def on_url(self, url: bytes) -> None:
        self._head.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailer fields come here too; they are dropped, no storage request has any.
        if self._in_head:
            self._head.fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head.method = self._parser.get_method()
        self._head.version = self._parser.get_http_version()
        self._chunked = b"chunked" in (self._head.get(b"transfer-encoding") or b"").lower()
        self._receiver.head(self._head)

    def on_body(self, body: bytes) -> None:
        if not body:
            return  # framed as a chunk, nothing at all would read as the end of the body
        self._receiver.body(body, b"%x\r\n%s\r\n" % (len(body), body) if self._chunked else body)

    def on_message_complete(self) -> None:
        self._receiver.end(b"0\r\n\r\n" if self._chunked else b"")
