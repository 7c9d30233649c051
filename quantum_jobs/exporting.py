"""Sends telemetry to any OpenTelemetry collector by OTLP (HTTP, protobuf), where the platform does not do it itself.

With `PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY` the Functions worker sets up Azure Monitor before this package is
imported, and nothing is done here. With `PYTHON_ENABLE_OPENTELEMETRY` it only passes on which trace a call belongs to,
and hands no log to the host any more: spans, metrics and the package's log go from here to the collector that
`OTEL_EXPORTER_OTLP_ENDPOINT` names. The `OTEL_*` variables of the specification hold.
"""

import logging
from collections.abc import Mapping

_SWITCH = "PYTHON_ENABLE_OPENTELEMETRY"
_AZURE_MONITOR = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"
_TRUE = frozenset({"1", "true", "t", "yes", "y"})  # as the Functions worker reads it
_NAME = "quantum-jobs"


def begin(environment: Mapping[str, str]) -> bool:
    """Set up the export where the switch is on, for the life of the process; tells whether it is."""
    if not _is_on(environment, _SWITCH) or _is_on(environment, _AZURE_MONITOR):
        return False
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # 0.2 s that a process without the switch is spared

    named = "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {SERVICE_NAME: _NAME})
    _send_spans(resource)
    _send_metrics(resource)
    _send_log(resource)
    return True


def _is_on(environment: Mapping[str, str], switch: str) -> bool:
    return environment.get(switch, "").strip().lower() in _TRUE


def _send_spans(resource: object) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource)  # type: ignore[arg-type]
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _send_metrics(resource: object) -> None:
    from opentelemetry import metrics
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource))  # type: ignore[arg-type]


def _send_log(resource: object) -> None:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource=resource)  # type: ignore[arg-type]
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    logging.getLogger("quantum_jobs").addHandler(LoggingHandler(logger_provider=provider))
