"""Carries a job through its states: it waits, runs in a worker process, writes its output, is billed, or fails."""

import asyncio
import hashlib
import random
from dataclasses import asdict

from local.azure_quantum.blobs import BlobAddress, BlobDoor
from local.azure_quantum.costs import estimate
from local.azure_quantum.errors import BlobFault
from local.azure_quantum.jobs import Jobs, items_of, shots_of
from local.azure_quantum.models import Job, Status
from local.azure_quantum.targets import QIR_FORMAT, Target
from local.azure_quantum.times import now
from local.execution.errors import ExecutionError
from local.execution.pool import Pool
from local.execution.request import Answer, Request


class Lifecycle:
    """Runs jobs; `time_scale` is how long a second of a real queue lasts here, in seconds."""

    def __init__(self, jobs: Jobs, door: BlobDoor, pool: Pool, *, seed: str, time_scale: float) -> None:
        self._jobs, self._door, self._pool = jobs, door, pool
        self._seed, self._time_scale = seed, time_scale
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, job: Job) -> None:
        """Start carrying a new job."""
        task = asyncio.create_task(self._carry(job))
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))

    def cancel(self, job: Job) -> None:
        """Ask a job to end; one that has ended stays as it is."""
        task = self._tasks.get(job.id)
        if task is not None and not job.is_done:
            job.is_cancelling = True
            job.updated = now()
            task.cancel()

    async def stop(self) -> None:
        """End all work; jobs under way stay as they are."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, job: Job) -> None:
        try:
            await self._run(job)
        except ExecutionError as error:
            _end(job, "Failed")
            job.error = _error_data(error.code, str(error))
        except BlobFault as error:
            _end(job, "Failed")
            job.error = _error_data("InvalidInputData", str(error))
        except asyncio.CancelledError:
            if not job.is_cancelling:
                raise
            _end(job, "Cancelled")
            job.cancelled = job.ended
        except Exception as error:
            _end(job, "Failed")
            job.error = _error_data("InternalError", f"The local workspace failed: {type(error).__name__}: {error}")
            raise

    async def _run(self, job: Job) -> None:
        target = self._jobs.target_of(job.request)
        draw = random.Random(f"{self._seed}:{job.id}")
        await asyncio.sleep(target.queue_seconds * self._time_scale * draw.uniform(0.5, 1.5))
        program = await self._door.read(self._input(job))
        answer = await self._pool.run(self._request(job, target), program, lambda: _begin(job))
        await asyncio.sleep(target.execution_seconds * self._time_scale)
        job.status, job.ended = "Finishing", now()
        await self._write(job, target, answer)
        job.cost = estimate(target, answer.usage)
        job.usage = {name: float(amount) for name, amount in asdict(answer.usage).items() if name != "seconds"}
        _end(job, "Succeeded")

    def _input(self, job: Job) -> BlobAddress:
        """Find the input; without a signature of its own it is read by the container's, if it lies in it."""
        container = self._container(job)
        given = self._door.address(job.request.input_data_uri or "") or BlobAddress(job.container, "inputData")
        in_container = given.container == container.container
        return BlobAddress(given.container, given.blob, given.sas or (container.sas if in_container else ""))

    def _container(self, job: Job) -> BlobAddress:
        return self._door.address(job.request.container_uri) or BlobAddress(job.container)

    def _request(self, job: Job, target: Target) -> Request:
        # Any 63 bits: a run is repeated exactly under the same workspace seed and job id.
        seed = int.from_bytes(hashlib.sha256(f"{self._seed}/{job.id}".encode()).digest()[:8]) >> 1
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
        )

    async def _write(self, job: Job, target: Target, answer: Answer) -> None:
        """Write the result: translated documents are outputData, a provider's own are rawOutputData."""
        is_translated = job.request.input_data_format == QIR_FORMAT
        job.output_blob = "outputData" if is_translated else "rawOutputData"
        sas = self._container(job).sas
        await self._door.write(BlobAddress(job.container, job.output_blob, sas), answer.document, "application/json")


def _begin(job: Job) -> None:
    job.status, job.began, job.updated = "Executing", now(), now()


def _end(job: Job, status: Status) -> None:
    job.ended = job.ended or now()
    job.updated = now()
    job.status = status


def _error_data(code: str, message: str) -> dict[str, object]:
    return {"code": code, "message": message}
