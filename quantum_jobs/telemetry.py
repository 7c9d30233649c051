"""Spans on the OpenTelemetry API, and what is known of the operation under way.

Who takes the spans is the platform's choice, and so is whether there are any: they are made once something else in this
process has loaded OpenTelemetry. That is the Functions worker (`PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY`,
`PYTHON_ENABLE_OPENTELEMETRY`), or the application that drives its workspace itself. Until then nothing of it is
imported here. Operations of the HTTP API are of kind INTERNAL: the Functions host counts requests itself, a SERVER span
would count each of them twice in Application Insights. Messages of queues, which the host leaves out in this mode, are
of kind CONSUMER, and so requests there.

Names and attributes are ours: never what a caller sent, an answer held, an address or the text of an error.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Literal

log = logging.getLogger(__name__)

_SCOPE = "quantum_jobs"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_about: ContextVar[Mapping[str, str]] = ContextVar("operation_is_about", default=_NOTHING)


type Kind = Literal["INTERNAL", "CLIENT", "CONSUMER"]


@contextmanager
def operation(name: str, kind: Kind = "INTERNAL") -> Iterator[None]:
    """Do something that a caller, a queue or an application asked for: a span, about no job as yet."""
    token = _about.set(_NOTHING)
    try:
        with span(name, kind):
            yield
    finally:
        with suppress(ValueError):  # a coroutine that is closed from outside: its context is gone with its task
            _about.reset(token)


@contextmanager
def handling(name: str, job_id: str) -> Iterator[None]:
    """Do what a message of a queue asks for: an operation about a job, which leaves one line in the log."""
    began, outcome = time.monotonic(), "done"
    with operation(name, "CONSUMER"):
        about(job_id)
        try:
            yield
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            told = {"operation": name, "outcome": outcome, **noted()}
            log.info("handled", extra={**told, "milliseconds": round((time.monotonic() - began) * 1000)})


@contextmanager
def span(name: str, kind: Kind = "INTERNAL", **attributes: str) -> Iterator[None]:
    """Do a part of an operation; the span says which job it is about and the type of an error, not its text.

    `attributes`: underscores stand for the dots of their names.
    """
    trace = _api("trace")
    if trace is None:
        yield
        return
    with trace.get_tracer(_SCOPE).start_as_current_span(
        name,
        kind=trace.SpanKind[kind],
        attributes={**_marks(_about.get()), **{key.replace("_", "."): value for key, value in attributes.items()}},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            _failed(trace, current, error)
            raise


def about(job_id: str, target: str = "", provider: str = "") -> None:
    """Note which job the operation under way is about, for its span, those inside, and its line in the log."""
    known = {"job_id": job_id, "target": target, "provider": provider}
    found = {name: value for name, value in known.items() if value}
    _about.set(found)
    trace = _api("trace")
    if trace is not None:
        trace.get_current_span().set_attributes(_marks(found))


def noted() -> Mapping[str, str]:
    """Give what the operation under way is about: `job_id`, `target`, `provider`, as far as they are known."""
    return _about.get()


def answered(status: int) -> None:
    """Note the HTTP status of the operation under way; from 500 on it has failed."""
    trace = _api("trace")
    if trace is not None:
        current = trace.get_current_span()
        current.set_attribute("http.response.status_code", status)
        if status >= 500:
            current.set_status(trace.Status(trace.StatusCode.ERROR))


class OpenSpan:
    """A span that stays open between calls, whatever threads they come from; a loop's."""

    def __init__(self, name: str) -> None:
        trace = _api("trace")
        self._span = None if trace is None else trace.get_tracer(_SCOPE).start_span(name)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Let what is done inside be a part of it."""
        trace = _api("trace")
        if trace is None or self._span is None:
            yield
            return
        with trace.use_span(self._span, record_exception=False, set_status_on_exception=False):
            yield

    def end(self, error: BaseException | None) -> None:
        """Close it; an error's type is noted."""
        if self._span is None:
            return
        if error is not None:
            _failed(_api("trace"), self._span, error)
        self._span.end()


def _api(part: Literal["trace", "metrics"]) -> Any:
    """Give a part of the API where somebody has loaded it; Any, so that it need not be imported."""
    return sys.modules.get(f"opentelemetry.{part}")


def _failed(trace: Any, current: Any, error: BaseException) -> None:
    current.set_attribute("error.type", type(error).__name__)
    current.set_status(trace.Status(trace.StatusCode.ERROR))


def _marks(known: Mapping[str, str]) -> dict[str, str]:
    return {f"quantum.{name}": value for name, value in known.items()}
