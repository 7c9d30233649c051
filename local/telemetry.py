"""A collector on this machine: takes what an app exports by OTLP (HTTP, protobuf), prints a line for each span."""

import asyncio
import contextlib
import gzip
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.web import WebServer, listening_socket

_ERROR = 2  # opentelemetry.proto.trace.v1.Status
_SHOWN = ("quantum.job_id", "peer.service", "http.response.status_code", "error.type")

type Print = Callable[[str], None]


class Collector:
    """Answers exporters; of metrics and logs it says only that they came, in the exporter's own protocol."""

    def __init__(self, show: Print) -> None:
        self._show = show

    def application(self) -> Starlette:
        paths = (Route(f"/v1/{name}", self._taken, methods=["POST"]) for name in ("metrics", "logs"))
        return Starlette(routes=[Route("/v1/traces", self._traces, methods=["POST"]), *paths])

    async def _traces(self, request: Request) -> Response:
        from google.protobuf.message import DecodeError

        try:
            for line in lines(await _body(request)):
                self._show(line)
        except (DecodeError, OSError, EOFError):
            return Response(status_code=400)
        return _accepted()

    async def _taken(self, request: Request) -> Response:
        await request.body()
        return _accepted()


def lines(body: bytes) -> Iterator[str]:
    """Give a line for each span of an ExportTraceServiceRequest: trace, depth as indent, milliseconds, attributes.

    Children end, and so come, before their parents.

    Raises:
        google.protobuf.message.DecodeError: it is none.
    """
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    document = ExportTraceServiceRequest.FromString(body)
    spans = [span for resource in document.resource_spans for scope in resource.scope_spans for span in scope.spans]
    parents = {span.span_id: span.parent_span_id for span in spans}
    for span in sorted(spans, key=lambda span: span.start_time_unix_nano):
        indent = "  " * sum(1 for _ in _above(span.span_id, parents))
        milliseconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
        failed = " FAILED" if span.status.code == _ERROR else ""
        yield f"{span.trace_id.hex()[:8]} {indent}{span.name} {milliseconds:.1f} ms{failed}{_attributes(span)}"


def _above(span_id: bytes, parents: dict[bytes, bytes]) -> Iterator[bytes]:
    seen = {span_id}
    while (span_id := parents[span_id]) in parents and span_id not in seen:
        seen.add(span_id)
        yield span_id


def _attributes(span: Any) -> str:
    values = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
    return "".join(f" {name.rpartition('.')[2]}={values[name]}" for name in _SHOWN if name in values)


async def _body(request: Request) -> bytes:
    body = await request.body()
    return gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body


def _accepted() -> Response:
    return Response(media_type="application/x-protobuf")  # an empty message: all was taken


async def serve(port: int) -> int:
    """Listen on loopback until it is stopped."""

    def show(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more
            os.write(1, f"{line}\n".encode())

    listening = listening_socket(port)
    server = WebServer(Collector(show).application(), None)
    await server.start(listening)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    show(f"ready PYTHON_ENABLE_OPENTELEMETRY=true OTEL_EXPORTER_OTLP_ENDPOINT={address} python -m local up")
    try:
        await stopped.wait()
    finally:
        await server.stop()
    return 0
