"""Hands an attempt to the workspace; every step may be repeated and still makes one job."""

import asyncio
import contextlib

from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.models import Job, ProgramSource
from quantum_jobs.ports import JobBlobs, QuantumWorkspace
from quantum_jobs.programs import Program, read_program, write_qir

QIR_MEDIA_TYPE = "qir.v1"


class Dispatcher:
    """Provider input, then the PUT under the attempt's own id."""

    def __init__(self, workspace: QuantumWorkspace, blobs: JobBlobs) -> None:
        self._workspace = workspace
        self._blobs = blobs

    async def prepare(self, job: Job, qir: bytes) -> None:
        """Store what the provider is to run in the attempt's own container; the first write stands.

        Without a record nothing is ever sent to the provider, so this may happen before there is one.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        await self._blobs.create_container(job.attempt.provider_job_id)
        await self._blobs.put_input(job.attempt.provider_job_id, qir, QIR_MEDIA_TYPE)

    async def withdraw(self, job: Job) -> None:
        """Take back what `prepare` made for a job that was not to be; what cannot be removed harms nobody."""
        with contextlib.suppress(ServiceUnavailable):
            await self._blobs.drop_container(job.attempt.provider_job_id)

    async def put(self, job: Job) -> None:
        """Make the job at the workspace; it may be there already.

        Raises:
            ProviderRefused: for good.
            ServiceUnavailable: no answer; the job may be there.
        """
        container_uri, input_uri = await self._blobs.shared_container(job.attempt.provider_job_id)
        await self._workspace.submit(job, container_uri, input_uri)


async def translated(source: ProgramSource) -> tuple[Program, bytes]:
    """Read a program and write it as QIR text; in a thread, for a large one takes a second.

    Raises:
        ProgramInvalid: with every fault and its place.
    """
    return await asyncio.to_thread(_translate, source)


def _translate(source: ProgramSource) -> tuple[Program, bytes]:
    program = read_program(source.format, source.source)
    return program, write_qir(program).encode()
