"""Hands an attempt to the workspace; every step may be repeated and still makes one job."""

import asyncio
import contextlib
from dataclasses import dataclass

from quantum_jobs.errors import ProviderRefused, ServiceUnavailable
from quantum_jobs.models import Job
from quantum_jobs.ports import JobBlobs, QuantumWorkspace
from quantum_jobs.programs import Program, Resources, read_program, read_sweep, resources, write_qir_items
from quantum_jobs.submissions import Submission
from quantum_jobs.waiting import SEND_SECONDS

QIR_MEDIA_TYPE = "qir.v1"


@dataclass(frozen=True)
class Translation:
    """What is to run: one program per item with what it takes, and all of them as the provider's input."""

    programs: tuple[Program, ...]
    resources: tuple[Resources, ...]
    qir: bytes


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

    async def keep(self, job: Job, uploaded: bytes) -> None:
        """Keep an uploaded program with its job, because the upload itself goes: before the record, which needs it.

        Raises:
            ServiceUnavailable: the blob store does not answer.
        """
        await self._blobs.put_program(job.owner, job.id, uploaded)

    async def withdraw(self, job: Job) -> None:
        """Take back what was stored for a job that was not to be; what cannot be removed harms nobody."""
        with contextlib.suppress(ServiceUnavailable):
            await self._blobs.drop_container(job.attempt.provider_job_id)
            if job.upload_id:
                await self._blobs.drop_program(job.owner, job.id)

    @staticmethod
    def deadline() -> float:
        """Give the moment, by the loop's clock, after which nothing is sent of a record that is read only now."""
        return asyncio.get_running_loop().time() + SEND_SECONDS

    async def put(self, job: Job, submission: Submission, not_after: float) -> None:
        """Make the job at the workspace; it may be there already.

        Raises:
            ProviderRefused: for good, and the job is not there.
            ServiceUnavailable: no answer, or it was too late to send; the job may be there.
        """
        container_uri, input_uri = await self._blobs.shared_container(job.attempt.provider_job_id)
        try:
            await self._workspace.submit(job, container_uri, input_uri, submission.provider_options, not_after)
        except ProviderRefused:
            # It may be a repetition that was refused: the answer to the first was lost, and took the last place.
            if await self._workspace.get(job.attempt.provider_job_id) is None:
                raise


async def translated(submission: Submission, uploaded: bytes | None = None) -> Translation:
    """Read a program, once for each set of its parameters, and write QIR; in a thread, a large one takes a second.

    Raises:
        ProgramInvalid: with every fault and its place.
    """
    return await asyncio.to_thread(_translate, submission, uploaded)


def _translate(submission: Submission, uploaded: bytes | None) -> Translation:
    program = submission.program
    source = program.source if uploaded is None else uploaded
    if submission.parameter_sets:
        programs = read_sweep(program.format, source, submission.parameter_sets)
    else:
        programs = (read_program(program.format, source),)
    return Translation(programs, tuple(map(resources, programs)), write_qir_items(programs).encode())
