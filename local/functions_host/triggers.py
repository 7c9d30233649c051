"""The triggers of an app besides HTTP, and its queue outputs: built, started and stopped together."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from local.functions_host.errors import NotBuilt, SettingsError
from local.functions_host.functions import Binding, Function
from local.functions_host.invoker import Invoker
from local.functions_host.protos import TypedData
from local.functions_host.queue_trigger import LEASE_SECONDS, QueueListener, message_bodies, run_text
from local.functions_host.settings import HostSettings, expand
from local.functions_host.storage import StorageQueue, connection, queue_name
from local.functions_host.timer_trigger import TimerListener

LEASE_SETTING = "FUNCTIONS_QUEUE_LEASE_SECONDS"  # of this host only: Azure always hides a message for 10 minutes
_THREADS = 8


class Triggers:
    """What feeds the functions that nobody calls over HTTP.

    Raises:
        SettingsError: a queue, connection or schedule cannot be resolved, at construction.
    """

    def __init__(self, functions: Sequence[Function], settings: HostSettings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="queues")
        self._queues: dict[tuple[str, str], StorageQueue] = {}
        self._listeners: dict[tuple[str, str], QueueListener] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._lease_seconds = _lease_seconds(environment)
        enabled = [function for function in functions if not function.is_disabled]
        self._of_queues = [function for function in enabled if function.trigger.type == "queueTrigger"]
        self._of_timers = [function for function in enabled if function.trigger.type == "timerTrigger"]
        self._timers: dict[str, TimerListener] = {
            function.name: TimerListener(function, environment)
            for function in functions
            if function.trigger.type == "timerTrigger"
        }
        self._check_bindings(functions)

    def start(self, invoker: Invoker) -> None:
        """Begin to listen."""
        for function in self._of_queues:
            key = self._key(function, function.trigger)
            poison = self._queue((key[0], f"{key[1]}-poison"), function)
            listener = QueueListener(
                function, self._queue(key, function), poison, self._settings.queues, invoker, self._lease_seconds
            )
            self._listeners[key] = listener
            self._tasks.append(asyncio.create_task(listener.run(), name=f"queue {key[1]}"))
        for function in self._of_timers:
            timer = self._timers[function.name]
            self._tasks.append(asyncio.create_task(timer.run(invoker), name=f"timer {function.name}"))

    def stop_taking(self) -> None:
        """Take no more messages and start no more timers; what runs goes on."""
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Let settled messages reach the store and close the connections."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for timer in self._timers.values():
            await timer.stop()
        for listener in self._listeners.values():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(listener.finished(), 5)
        for queue in self._queues.values():
            queue.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def run_by_hand(self, invoker: Invoker, function: Function, text: str) -> None:
        """Run a queue function on a text or a timer function now."""
        if function.trigger.type == "queueTrigger":
            await run_text(invoker, function, text)
        else:
            await self._timers[function.name].run_once(invoker, "by hand")

    async def send_output(self, function: Function, binding: Binding, value: TypedData) -> None:
        """Put what a function set or returned into the queue of its binding, and wake the listener of that queue."""
        key = self._key(function, binding)
        for body in message_bodies(value):
            await self._queue(key, function).send(body)
        if key in self._listeners:
            self._listeners[key].wake()

    def _check_bindings(self, functions: Sequence[Function]) -> None:
        taken: dict[tuple[str, str], str] = {}
        for function in functions:
            for binding in (function.trigger, *function.outputs):
                if binding.type not in {"queue", "queueTrigger"}:
                    continue
                key = self._key(function, binding)
                connection(key[0], self._environment, _where(function, binding))
                if binding is function.trigger and taken.setdefault(key, function.name) != function.name:
                    raise NotBuilt(
                        f"function '{function.name}': queue {key[1]} feeds function '{taken[key]}' already; two "
                        "functions of one queue are not built in the local host."
                    )

    def _key(self, function: Function, binding: Binding) -> tuple[str, str]:
        where = _where(function, binding)
        name = expand(str(binding.properties.get("queueName") or ""), self._environment, where)
        account = str(binding.properties.get("connection") or "")
        return account, queue_name(name, where)

    def _queue(self, key: tuple[str, str], function: Function) -> StorageQueue:
        if key not in self._queues:
            account = connection(key[0], self._environment, f"function '{function.name}'")
            self._queues[key] = StorageQueue(key[1], account, self._settings.queues.encoding, self._executor)
        return self._queues[key]


def _where(function: Function, binding: Binding) -> str:
    return f"function '{function.name}', binding '{binding.name}'"


def _lease_seconds(environment: Mapping[str, str]) -> float:
    text = environment.get(LEASE_SETTING) or str(LEASE_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 7 * 86400:  # the store takes no longer one
        raise SettingsError(f"{LEASE_SETTING} must be a number of seconds from 1 to 604800, is {text!r}.")
    return seconds
