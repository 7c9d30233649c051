"""One invocation from the host's side: its id, its log lines, its time limit, its queue outputs."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from local.functions_host import logs
from local.functions_host.functions import Binding, Function
from local.functions_host.logs import LOGGER
from local.functions_host.protos import (
    InvocationRequest,
    ParameterBinding,
    RetryContext,
    RpcTraceContext,
    TypedData,
)
from local.functions_host.worker import Outcome, Worker

SendOutput = Callable[[Function, Binding, TypedData], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Call:
    """What a trigger hands to a function."""

    data: TypedData
    reason: str
    metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry: RetryContext = field(default_factory=RetryContext)


class Invoker:
    """Runs functions on the worker and delivers their outputs."""

    def __init__(self, worker: Worker, timeout: float | None, send_output: SendOutput) -> None:
        self._worker = worker
        self._timeout = timeout
        self._send_output = send_output
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        """How many invocations are under way."""
        return self._running

    async def drained(self) -> None:
        """Wait until nothing runs."""
        await self._idle.wait()

    async def run(self, function: Function, call: Call) -> Outcome:
        """Run a function to its end; failures are in the outcome, and in the log with their traceback."""
        invocation_id = str(uuid.uuid4())
        logs.began(invocation_id, function.name)
        self._running += 1
        self._idle.clear()
        try:
            return await self._logged(function, call, invocation_id)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
            logs.ended(invocation_id)

    async def _logged(self, function: Function, call: Call, invocation_id: str) -> Outcome:
        extra = {"invocation_id": invocation_id}
        LOGGER.debug("Executing (%s)", call.reason, extra=extra)
        start = time.perf_counter()
        outcome = await self._limited(function, _request(function, call, invocation_id))
        outcome = await self._delivered(function, outcome)
        milliseconds = (time.perf_counter() - start) * 1000
        if outcome.error:
            text = "\n".join(part for part in (outcome.error, outcome.stack_trace.rstrip()) if part)
            LOGGER.error("Failed (%s) after %.0f ms: %s", call.reason, milliseconds, text, extra=extra)
        else:
            LOGGER.info("Succeeded (%s) in %.0f ms", call.reason, milliseconds, extra=extra)
        return outcome

    async def _limited(self, function: Function, request: InvocationRequest) -> Outcome:
        future = asyncio.wrap_future(self._worker.submit(self._worker.invoke(request)))
        if self._timeout is None:
            return await future
        try:
            return await asyncio.wait_for(future, self._timeout)
        except TimeoutError:
            return Outcome(error=self._timed_out(function))

    def _timed_out(self, function: Function) -> str:
        return (
            f"functionTimeout of {self._timeout:g} s is over. Azure would now restart the Python worker, and the "
            f"{self._running - 1} other invocation(s) of this process would die with {function.name}; this host "
            "cancels only this one (a function in a thread runs on, its result is dropped)."
        )

    async def _delivered(self, function: Function, outcome: Outcome) -> Outcome:
        values = dict(outcome.outputs)
        if outcome.return_value is not None:
            values["$return"] = outcome.return_value
        try:
            for binding in function.outputs:
                if binding.type == "queue" and binding.name in values:
                    await self._send_output(function, binding, values[binding.name])
        except Exception as error:  # any failure to deliver fails the invocation, as in Azure
            return Outcome(error=f"output '{binding.name}': {type(error).__name__}: {error}")
        return outcome


def _request(function: Function, call: Call, invocation_id: str) -> InvocationRequest:
    return InvocationRequest(
        invocation_id=invocation_id,
        function_id=function.id,
        input_data=[ParameterBinding(name=function.trigger.name, data=call.data)],
        trigger_metadata=call.metadata,
        trace_context=call.trace,
        retry_context=call.retry,
    )
