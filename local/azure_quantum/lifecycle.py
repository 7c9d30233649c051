"""Carries a job through its states: it waits, runs in a worker process, writes its output, is billed, or fails."""

import asyncio
import hashlib
import random
from dataclasses import asdict

from local.azure_quantum.blobs import BlobAddress, BlobDoor
from local.azure_quantum.costs import estimate
from local.azure_quantum.errors import BlobFault, Refused
from local.azure_quantum.jobs import Jobs, items_of, shots_of
from local.azure_quantum.models import Job, Priority, Status
from local.azure_quantum.queues import Line, Stay
from local.azure_quantum.quotas import Ledger
from local.azure_quantum.script import Script
from local.azure_quantum.targets import QIR_OUTPUTS, Target
from local.azure_quantum.times import now
from local.execution.errors import ExecutionError
from local.execution.pool import Pool
from local.execution.request import Answer, Request


class Lifecycle:
    """Runs jobs; `time_scale` is how long a second of a real queue lasts here, in seconds."""

    def __init__(self, jobs: Jobs, door: BlobDoor, pool: Pool, ledger: Ledger, *, seed: str, time_scale: float) -> None:
        self._jobs, self._door, self._pool, self._ledger = jobs, door, pool, ledger
        self._seed, self._time_scale = seed, time_scale
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lines: dict[str, Line] = {}
        self.script = Script()

    def begin(self, job: Job) -> None:
        """Start carrying a new job; raises Refused (400) when its target is not offered."""
        target = self._jobs.target_of(job.request)
        self._ledger.hold(job, target, shots_of(job.request, target))
        task = asyncio.create_task(self._carry(job))
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))

    def cancel(self, job: Job) -> None:
        """Ask a job to end; one that has ended stays as it is."""
        task = self._tasks.get(job.id)
        if task is not None and not job.is_done:
            job.is_cancelling = True
            job.updated = now()
            self._jobs.save(job)
            task.cancel()

    def reorder(self, job: Job) -> None:
        """Move a job in the line before its target when its priority has changed."""
        if job.target in self._lines:
            self._lines[job.target].reorder(job)

    def follow(self, script: Script) -> None:
        """Behave as a script tells; the catalogue has its places already."""
        self.script = script
        for target_id, line in self._lines.items():
            target = self._jobs.target_named(target_id)
            if target is not None:
                line.resize(target.capacity)

    def wait(self, target: Target, priority: Priority) -> float:
        """Give how many seconds a job that came now would wait."""
        return self._line(target).seconds_before(priority, target.queue_seconds * self._time_scale)

    def _line(self, target: Target) -> Line:
        if target.id not in self._lines:
            self._lines[target.id] = Line(target.capacity)
        return self._lines[target.id]

    async def stop(self) -> None:
        """End all work; jobs under way stay as they are, to be run again after a restart."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def resume(self, job: Job) -> None:
        """Take up a job that had not ended when the workspace stopped: it waits anew, or is cancelled as was asked."""
        if job.is_cancelling:
            self._end(job, "Cancelled")
        else:
            job.status, job.began, job.ended = "Waiting", None, None
            self._jobs.save(job)
            try:
                self.begin(job)
            except Refused as error:
                # The catalogue has changed since.
                self._end(job, "Failed", "InvalidInputError", error.message)

    async def _carry(self, job: Job) -> None:
        try:
            await self._run(job)
        except ExecutionError as error:
            self._end(job, "Failed", error.code, str(error))
        except BlobFault as error:
            self._end(job, "Failed", "InvalidInputData", str(error))
        except asyncio.CancelledError:
            if not job.is_cancelling:
                raise
            self._end(job, "Cancelled")
        except Exception as error:
            self._end(job, "Failed", "InternalError", f"The local workspace failed: {type(error).__name__}: {error}")
            raise

    async def _run(self, job: Job) -> None:
        target = self._jobs.target_of(job.request)
        draw = random.Random(f"{self._seed}:{job.id}")
        wait = target.queue_seconds * self._time_scale * draw.uniform(0.5, 1.5)
        stay = Stay(wait, target.execution_seconds * self._time_scale, target.queue_seconds)
        async with self._line(target).place(job, stay):
            program = await self._door.read(self._input(job))
            answer = await self._pool.run(self._request(job, target), program, lambda: self._step(job, "Executing"))
            await asyncio.sleep(stay.seconds)
        failure = self.script.failure(target, draw)
        if failure is not None:
            self._end(job, "Failed", failure.code, failure.message)
            return
        self._step(job, "Finishing")
        await asyncio.sleep(self.script.finishing_seconds(target) * self._time_scale)
        await self._write(job, target, answer)
        job.cost = estimate(target, answer.usage)
        job.usage = {name: float(amount) for name, amount in asdict(answer.usage).items() if name != "seconds"}
        self._end(job, "Succeeded")

    def _input(self, job: Job) -> BlobAddress:
        """Find the input; without a signature of its own it is read by the container's, if it lies in it."""
        container = self._container(job)
        given = self._door.address(job.request.input_data_uri or "") or BlobAddress(job.container, "inputData")
        in_container = given.container == container.container
        return BlobAddress(given.container, given.blob, given.sas or (container.sas if in_container else ""))

    def _container(self, job: Job) -> BlobAddress:
        return self._door.address(job.request.container_uri) or BlobAddress(job.container)

    def _request(self, job: Job, target: Target) -> Request:
        # Any 63 bits: a run is repeated exactly under the same workspace seed and job id, or under the job's own seed.
        own = (job.request.input_params or {}).get("seed")
        origin = str(own) if isinstance(own, int) else f"{self._seed}/{job.id}"
        seed = int.from_bytes(hashlib.sha256(origin.encode()).digest()[:8]) >> 1
        return Request(
            input_format=job.request.input_data_format,
            output_format=str(job.request.output_data_format),
            shots=shots_of(job.request, target),
            seed=seed,
            semantics=target.semantics,
            profile=target.profile,
            qubits=target.qubits,
            noise=target.noise,
            items=items_of(job.request),
            substitutions=(job.request.input_params or {}).get("substitutions"),
            variables=(job.request.input_params or {}).get("variables"),
        )

    async def _write(self, job: Job, target: Target, answer: Answer) -> None:
        """Write the result: translated documents are outputData, a provider's own are rawOutputData."""
        is_translated = job.request.output_data_format in QIR_OUTPUTS
        job.output_blob = "outputData" if is_translated else "rawOutputData"
        sas = self._container(job).sas
        await self._door.write(BlobAddress(job.container, job.output_blob, sas), answer.document, "application/json")

    def _step(self, job: Job, status: Status) -> None:
        """Go on to a state that is not the last."""
        job.status, job.updated = status, now()
        if status == "Executing":
            job.began = job.updated
        else:
            job.ended = job.updated
        self._jobs.save(job)

    def _end(self, job: Job, status: Status, code: str = "", message: str = "") -> None:
        """Come to a last state; `code` and `message` are errorData of a failure."""
        job.updated = now()
        job.ended = job.ended or job.updated
        job.status = status
        job.error = {"code": code, "message": message} if code else None
        job.cancelled = job.ended if status == "Cancelled" else None
        self._ledger.settle(job)
        self._jobs.save(job)
