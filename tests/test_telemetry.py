"""Spans and metrics: what they tell, what they never tell, and that a process without them pays nothing."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import azure.functions as func
import pytest
from azure.core.exceptions import HttpResponseError
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from quantum_jobs import exporting, measuring, telemetry
from quantum_jobs.border import Door
from quantum_jobs.errors import NotFound, QuantumJobsError, ServiceUnavailable
from quantum_jobs.models import Attempt, JobState
from quantum_jobs.money import Money
from quantum_jobs.responses import Answer, answers

from . import samples
from .cloud import REPOSITORY
from .test_client import with_client
from .world import World


@pytest.fixture(scope="session")
def taking():
    """What takes spans and metrics in this process; the API lets nobody take its place."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return spans, reader


@pytest.fixture
def spans(taking):
    taking[0].clear()
    return taking[0].get_finished_spans


@pytest.fixture
def counted(taking):
    """Gives what has been added to a metric since the test began: dimensions -> sum."""
    before = {name: _sums(taking[1], name) for name in _names(taking[1])}

    def since(name):
        now = _sums(taking[1], name)
        return {
            key: value - before.get(name, {}).get(key, 0)
            for key, value in now.items()
            if value != before.get(name, {}).get(key)
        }

    return since


def _metrics(reader):
    data = reader.get_metrics_data()
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
    return [metric for scope in scopes for metric in scope.metrics]


def _names(reader):
    return [metric.name for metric in _metrics(reader)]


def _sums(reader, name):
    points = [point for metric in _metrics(reader) if metric.name == name for point in metric.data.data_points]
    return {
        tuple(sorted(point.attributes.items())): getattr(point, "value", getattr(point, "sum", 0)) for point in points
    }


def called(work):
    async def through():
        door = Door("The part")
        try:
            return await door.call(work)
        finally:
            door.close()

    return asyncio.run(through())


def asked(handler, method="GET"):
    """Call a handler as the Functions worker does."""
    request = func.HttpRequest(method=method, url="https://example/v1/x?secret=canary", body=b"canary")
    return asyncio.run(answers(lambda: "")(handler)(request))


class _Store:
    def _read(self):
        return called(lambda: "found")


def test_a_process_without_telemetry_loads_nothing_of_it():
    code = (
        "import asyncio, sys\n"
        "import function_app\n"
        "from quantum_jobs import measuring, telemetry\n"
        "from quantum_jobs.border import Door\n"
        "from tests import samples\n"
        "async def used():\n"
        "    with telemetry.operation('x'):\n"
        "        telemetry.about('job_x')\n"
        "        await Door('p').call(lambda: None)\n"
        "        telemetry.answered(200)\n"
        "    measuring.submitted(samples.job())\n"
        "    span = telemetry.OpenSpan('loop')\n"
        "    with span.current():\n"
        "        span.end(None)\n"
        "asyncio.run(used())\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PYTHON_ENABLE_OPENTELEMETRY": "false"},
        {"PYTHON_ENABLE_OPENTELEMETRY": "true", "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true"},
    ],
)
def test_nothing_is_exported_unless_the_switch_says_so_and_the_platform_does_not(environment):
    assert exporting.begin(environment) is False


def test_an_outward_call_is_named_after_its_method_and_its_part(spans):
    assert _Store()._read() == "found"
    (span,) = spans()
    assert (span.kind, dict(span.attributes)) == (trace.SpanKind.CLIENT, {"peer.service": "The part"})
    assert span.name == "Store.read"


def test_of_an_error_the_type_is_told_and_not_the_text(spans):
    def fails():
        raise HttpResponseError("https://account/blob?sig=canary")

    with pytest.raises(ServiceUnavailable):
        called(fails)
    (span,) = spans()
    assert span.status.status_code == trace.StatusCode.ERROR
    assert span.attributes["error.type"] == "ServiceUnavailable"
    assert "canary" not in span.to_json()
    assert span.events == ()


@pytest.mark.parametrize(
    ("raised", "status", "failed"), [(None, 200, False), (NotFound("x"), 404, False), (OSError("x"), 500, True)]
)
def test_an_operation_has_failed_from_500_on(spans, raised, status, failed):
    async def get_thing(req):
        if raised:
            raise raised
        return Answer(200, {})

    assert asked(get_thing).status_code == status
    (span,) = spans()
    assert (span.name, span.attributes["http.response.status_code"]) == ("get_thing", status)
    assert (span.status.status_code == trace.StatusCode.ERROR) == failed
    assert span.kind == trace.SpanKind.INTERNAL  # the host counts the request itself


def test_what_an_operation_is_about_is_in_its_span_its_line_and_the_calls_below_and_ends_with_it(spans, caplog):
    async def get_thing(req):
        telemetry.about("job_1", "target", "provider")
        door = Door("The part")
        await door.call(lambda: None)
        door.close()
        return Answer(200, {})

    caplog.set_level("INFO", "quantum_jobs")
    asked(get_thing)
    marks = {"quantum.job_id": "job_1", "quantum.target": "target", "quantum.provider": "provider"}
    assert len(spans()) == 2
    assert all(marks.items() <= dict(span.attributes).items() for span in spans())
    (line,) = [record for record in caplog.records if record.message == "answered"]
    assert (line.job_id, line.target, line.provider, line.status) == ("job_1", "target", "provider", 200)


def test_what_an_operation_is_about_ends_with_it():
    with telemetry.operation("one"):
        telemetry.about("job_1", "target")
        with telemetry.operation("within"):
            assert dict(telemetry.noted()) == {}
        assert dict(telemetry.noted()) == {"job_id": "job_1", "target": "target"}
    assert dict(telemetry.noted()) == {}


def test_a_message_leaves_one_line_also_when_it_fails(spans, caplog):
    caplog.set_level("INFO", "quantum_jobs")
    with pytest.raises(OSError, match="canary"), telemetry.handling("advance_job", "job_1"):
        raise OSError("canary")
    (line,) = [record for record in caplog.records if record.message == "handled"]
    assert (line.operation, line.outcome, line.job_id) == ("advance_job", "OSError", "job_1")
    (span,) = spans()
    assert (span.name, span.attributes["error.type"]) == ("advance_job", "OSError")
    assert span.kind == trace.SpanKind.CONSUMER  # the host does not count messages in this mode


def test_all_jobs_of_a_loop_are_one_trace(spans):
    async def work(outside):
        async with outside.client.loop("l", target="ionq.simulator") as loop:
            for shots in (10, 20):
                await loop.run(samples.BELL, shots=shots)

    with_client(work)
    (loop,) = [span for span in spans() if span.name == "loop"]
    submits = [span for span in spans() if span.name == "submit_job"]
    assert [span.parent.span_id for span in submits] == [loop.context.span_id] * 2
    followed = [span for span in spans() if span.name == "follow_job"]
    assert {span.context.trace_id for span in followed} == {loop.context.trace_id}
    assert len({span.attributes["quantum.job_id"] for span in followed}) == 2


def test_what_a_loop_replays_is_counted_as_saved(counted):
    async def work(outside):
        for _ in range(2):
            async with outside.client.loop("l", target="ionq.simulator") as loop:
                await loop.run(samples.BELL, shots=10)

    with_client(work)
    assert counted("quantum.cache.saved") == {(("how", "replayed"),): 1}


TARGET = (("quantum.provider", "ionq"), ("quantum.target", "ionq.simulator"))


def test_a_job_is_counted_once_when_it_is_made_and_once_when_it_ends(counted):
    world = World()
    job = world.finished_job()
    world.get(job.id)
    world.get(job.id)
    world.submit()  # the same key again
    assert counted("quantum.jobs.submitted") == {TARGET: 1}
    assert counted("quantum.jobs.finished") == {tuple(sorted((*TARGET, ("state", "succeeded")))): 1}
    assert counted("quantum.jobs.attempts") == {TARGET: 1}


def test_a_job_that_is_written_again_after_its_end_is_counted_no_more(counted):
    done = samples.job(state=JobState.FAILED, unsettled=JobState.QUEUED, cost_estimate=Money(2_500_000))
    measuring.moved(samples.job(), done)
    assert len(counted("quantum.jobs.finished")) == 1
    assert counted("quantum.jobs.cost") == {}
    settled = replace(done, unsettled=None)
    measuring.moved(done, settled)
    measuring.moved(settled, replace(settled, announced_at="2026-11-22T10:00:00.000Z"))
    assert list(counted("quantum.jobs.finished").values()) == [1]
    assert list(counted("quantum.jobs.cost").values()) == [2.5]


def test_times_are_those_of_the_attempts_and_never_negative(counted):
    def at(second):
        return f"2026-11-22T10:00:{second:02}.000Z"

    ran = Attempt(2, "b", started_at=at(20), ended_at=at(27))
    attempts = (Attempt(1, "a", started_at=at(3), ended_at=at(5)), ran)
    measuring.moved(samples.job(), samples.job(state=JobState.SUCCEEDED, created_at=at(1), attempts=attempts))
    early = samples.job(target="early", state=JobState.SUCCEEDED, created_at=at(9), attempts=attempts)
    measuring.moved(samples.job(), early)
    assert sorted(counted("quantum.jobs.queue_wait").values()) == [0, 2]
    assert list(counted("quantum.jobs.run_time").values()) == [7, 7]
    assert list(counted("quantum.jobs.attempts").values()) == [2, 2]


def test_an_answer_429_is_counted_by_who_gave_it(counted):
    refused = HttpResponseError("slower")
    refused.status_code, refused.response = 429, SimpleNamespace(status_code=429, headers={"Retry-After": "100"})

    def fails():
        raise refused

    class Slower(QuantumJobsError):
        status, slug, title = 429, "throttled", "Slower"

    async def get_thing(req):
        raise Slower("x")

    with pytest.raises(ServiceUnavailable):
        called(fails)
    asked(get_thing)
    assert counted("quantum.throttled") == {(("by", "The part"),): 1, (("by", "service"),): 1}
