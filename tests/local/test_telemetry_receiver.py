"""What `python -m local telemetry` prints of the spans that are exported to it."""

import subprocess
import sys

import httpx
import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from local.telemetry import lines
from tests.cloud import REPOSITORY


def exported():
    """A submit of 20 ms with a failed call of 5 ms in it, the call first, as exporters send them."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    call = spans.add(trace_id=b"t" * 16, span_id=b"b" * 8, parent_span_id=b"a" * 8, name="TableStorage.insert")
    call.start_time_unix_nano, call.end_time_unix_nano, call.status.code = 10_000_000, 15_000_000, 2
    call.attributes.add(key="peer.service").value.string_value = "The job table"
    call.attributes.add(key="something.else").value.string_value = "not shown"
    whole = spans.add(trace_id=b"t" * 16, span_id=b"a" * 8, parent_span_id=b"c" * 8, name="submit_job")
    whole.start_time_unix_nano, whole.end_time_unix_nano = 1_000_000, 21_000_000
    whole.attributes.add(key="http.response.status_code").value.int_value = 202
    return request.SerializeToString()


EXPECTED = [
    "74747474 submit_job 20.0 ms status_code=202",
    "74747474   TableStorage.insert 5.0 ms FAILED service=The job table",
]


def test_calls_stand_below_their_operation():
    assert list(lines(exported())) == EXPECTED


def test_what_is_no_export_is_refused():
    with pytest.raises(DecodeError):
        list(lines(b"\xff\xff"))


def test_the_command_says_how_to_export_to_it_and_prints_what_comes():
    command = [sys.executable, "-m", "local", "telemetry"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        ready = process.stdout.readline().split()
        assert ready[:2] == ["ready", "PYTHON_ENABLE_OPENTELEMETRY=true"]
        address = ready[2].partition("=")[2]
        sent = httpx.post(f"{address}/v1/traces", content=exported(), trust_env=False)
        refused = httpx.post(f"{address}/v1/traces", content=b"\xff\xff", trust_env=False)
        metrics = httpx.post(f"{address}/v1/metrics", content=b"", trust_env=False)
        process.terminate()
        printed = process.stdout.read().splitlines()
    assert (sent.status_code, refused.status_code, metrics.status_code) == (200, 400, 200)
    assert (printed, process.returncode) == (EXPECTED, 0)
