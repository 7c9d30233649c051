"""A pool of worker processes: one request each at a time; a worker that dies or hangs is replaced."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.execution.errors import ExecutionError, WorkerLost
from local.execution.limits import DEFAULT, Limits
from local.execution.request import Answer, Request, Usage
from local.execution.worker import HEADER, frame

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_STARTS = 1.0
ROOT = Path(__file__).resolve().parents[2]


class _Worker:
    """One process and its pipes; it ends by itself when this end of its input closes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("A worker needs pipes to its standard input and output.")
        self._process, self._requests, self._answers = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, limits: Limits) -> "_Worker":
        # One thread each: the pool is what uses the cores.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local.execution.worker", json.dumps(asdict(limits))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=environment,
        )
        worker = cls(process)
        try:
            await worker._receive()
        except EOFError as error:
            await worker.stop()
            raise WorkerLost("RuntimeError", f"An execution worker did not start{worker._end()}.") from error
        except asyncio.CancelledError:
            await worker.stop()
            raise
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, request: Request, program: bytes) -> tuple[dict[str, Any], bytes]:
        """Send a request and await its answer; raises EOFError or ConnectionError when the process is gone."""
        self._requests.write(frame(request.document(), program))
        await self._requests.drain()
        return await self._receive()

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        text, raw = HEADER.unpack(await self._answers.readexactly(HEADER.size))
        document: dict[str, Any] = json.loads(await self._answers.readexactly(text))
        return document, await self._answers.readexactly(raw)

    async def stop(self) -> None:
        """End the process at once and reap it."""
        self._requests.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def loss(self, limits: Limits) -> WorkerLost:
        """Say why the process ended by itself."""
        await self._process.wait()
        if self._process.returncode == -signal.SIGXCPU:
            text = f"The program used more than the {limits.cpu_seconds} s of processor time that the engine allows."
            return WorkerLost("ProviderTimeout", text)
        return WorkerLost("RuntimeError", f"The execution of the program crashed{self._end()}.")

    def _end(self) -> str:
        code = self._process.returncode
        return f" ({signal.Signals(-code).name})" if code is not None and code < 0 else f" (exit code {code})"


class Pool:
    """Runs requests in worker processes that are started ahead."""

    def __init__(self, size: int = 2, limits: Limits = DEFAULT) -> None:
        self._size, self._limits = size, limits
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: set[_Worker] = set()
        self._replacing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start all workers and wait until each can take work; raises WorkerLost if one cannot start."""
        await asyncio.gather(*(self._add() for _ in range(self._size)))

    async def stop(self) -> None:
        """End all workers, also those at work."""
        for task in list(self._replacing):
            task.cancel()
        await asyncio.gather(*self._replacing, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        self._workers.clear()

    @property
    def pids(self) -> list[int]:
        return sorted(worker.pid for worker in self._workers)

    async def run(self, request: Request, program: bytes, started: Callable[[], None] = lambda: None) -> Answer:
        """Run a request; raises ExecutionError, of kind WorkerLost when the process crashed or hung.

        `started` is called when a worker takes the request up. Cancelling this call ends the worker that runs it.
        """
        if len(program) > self._limits.program_bytes:
            raise WorkerLost("InvalidInputData", f"The program is larger than {self._limits.program_bytes} bytes.")
        worker = await self._idle.get()
        healthy = False
        try:
            started()
            document, raw = await asyncio.wait_for(worker.ask(request, program), self._limits.wall_seconds)
            healthy = True
        except TimeoutError as error:
            text = f"The program ran longer than the {self._limits.wall_seconds:g} s that the local engine allows."
            raise WorkerLost("ProviderTimeout", text) from error
        except (EOFError, ConnectionError) as error:
            raise await worker.loss(self._limits) from error
        finally:
            self._give_back(worker, healthy=healthy)
        if "usage" in document:
            return Answer(raw, Usage(**document["usage"]))
        error_kind = ExecutionError(document["message"])
        error_kind.code = document["code"]
        raise error_kind

    def _give_back(self, worker: _Worker, *, healthy: bool) -> None:
        if healthy:
            self._idle.put_nowait(worker)
            return
        task = asyncio.create_task(self._replace(worker))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, worker: _Worker) -> None:
        # Forgotten only when it is gone: a pool that stops meanwhile must still find it.
        await worker.stop()
        self._workers.discard(worker)
        while True:
            try:
                return await self._add()
            except (WorkerLost, OSError) as error:
                # Out of memory or processes for now: jobs wait, the pool must not shrink.
                logger.warning("an execution worker could not be replaced, trying again: %s", error)
                await asyncio.sleep(SECONDS_BETWEEN_STARTS)

    async def _add(self) -> None:
        worker = await _Worker.start(self._limits)
        self._workers.add(worker)
        self._idle.put_nowait(worker)
