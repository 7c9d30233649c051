"""A collector on loopback: takes what is exported by OTLP (HTTP, protobuf), and tells what came."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

OFTEN = {
    "OTEL_BSP_SCHEDULE_DELAY": "100",
    "OTEL_BLRP_SCHEDULE_DELAY": "100",
    "OTEL_METRIC_EXPORT_INTERVAL": "300",
}


@dataclass(frozen=True)
class Span:
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    failed: bool


@dataclass
class Collector:
    """What came: each body as it is, by the path it came to."""

    port: int = 0
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What leads a Functions app here, and makes it export at once."""
        address = f"http://127.0.0.1:{self.port}"
        return {"PYTHON_ENABLE_OPENTELEMETRY": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": address, **OFTEN}

    @property
    def spans(self) -> list[Span]:
        return [
            _span(item)
            for body in self._to("/v1/traces")
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for item in scope.spans
        ]

    @property
    def metrics(self) -> dict[str, list[tuple[dict[str, Any], float]]]:
        """Name -> (dimensions, sum or mean) as last told."""
        return {
            metric.name: [(_values(point.attributes), _number(point)) for point in _points(metric)]
            for body in self._to("/v1/metrics")
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    @property
    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        """The log: message and attributes."""
        return [
            (item.body.string_value, _values(item.attributes))
            for body in self._to("/v1/logs")
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs
            for item in scope.log_records
        ]

    def until(self, holds: Any, seconds: float = 30) -> Any:
        """Wait until something holds of what came; gives it."""
        deadline = time.monotonic() + seconds
        while not (found := holds(self)):
            assert time.monotonic() < deadline, f"it never came: {[span.name for span in self.spans]}"
            time.sleep(0.1)
        return found

    def _to(self, path: str) -> list[bytes]:
        return [body for where, body in list(self.bodies) if where == path]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen until the block ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            collector.bodies.append((self.path, plain))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _span(item: Any) -> Span:
    return Span(
        item.name,
        item.kind,
        item.trace_id.hex(),
        item.span_id.hex(),
        item.parent_span_id.hex(),
        _values(item.attributes),
        item.status.code == 2,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value") or "string_value") for item in attributes}


def _points(metric: Any) -> Any:
    return getattr(metric, metric.WhichOneof("data")).data_points


def _number(point: Any) -> float:
    return point.sum if hasattr(point, "bucket_counts") else point.as_int or point.as_double
