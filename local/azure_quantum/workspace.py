"""The workspace: its parts, put together once, and what they share."""

import secrets
import ssl
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from local.azure_quantum.authentication import Authentication, Caller, Verifier
from local.azure_quantum.blobs import BlobDoor, StorageAccount
from local.azure_quantum.items import Items
from local.azure_quantum.jobs import Jobs
from local.azure_quantum.journal import Journal
from local.azure_quantum.lifecycle import Lifecycle
from local.azure_quantum.models import Job, JobRequest, JobUpdate, Kind
from local.azure_quantum.queues import place_of
from local.azure_quantum.quotas import Bill, Ledger
from local.azure_quantum.script import Script
from local.azure_quantum.sessions import IDLE_SECONDS, Session, Sessions
from local.azure_quantum.targets import Catalogue
from local.execution.limits import DEFAULT, Limits
from local.execution.pool import Pool
from local.names import LOCATION, QUANTUM_HOSTS, RESOURCE_GROUP, SUBSCRIPTION_ID
from local.names import WORKSPACE as NAME

# A real queue of 20 minutes lasts 1.2 s, one of 3 s lasts 3 ms.
TIME_SCALE = 0.001


class Workspace:
    """One Azure Quantum workspace with its storage account and its workers."""

    def __init__(
        self,
        *,
        issuer: Verifier,
        storage: StorageAccount,
        api_keys: Collection[str] = (),
        verify: ssl.SSLContext | None = None,
        seed: str | None = None,
        time_scale: float = TIME_SCALE,
        kind: Kind = "V1",
        workers: int = 2,
        limits: Limits = DEFAULT,
        catalogue: Path | None = None,
        session_idle_seconds: float = IDLE_SECONDS,
        data: Path | None = None,
        script: Script | None = None,
        subscription_id: str = SUBSCRIPTION_ID,
        resource_group: str = RESOURCE_GROUP,
        name: str = NAME,
        location: str = LOCATION,
        endpoint: str | None = None,
    ) -> None:
        """Open the workspace; with a folder `data` jobs and sessions are kept there over a restart.

        Raises StateCorrupt or DataInUse for what is in that folder, ScriptWrong for the script.
        """
        self.subscription_id, self.resource_group, self.name = subscription_id, resource_group, name
        self.location, self.kind, self.time_scale = location, kind, time_scale
        self.endpoint = endpoint or f"https://{QUANTUM_HOSTS[kind]}/"
        self.storage = storage
        self.authentication = Authentication(issuer, api_keys)
        self.catalogue = Catalogue.read(catalogue) if catalogue else Catalogue.read()
        self._offered = self.catalogue.providers
        self.door = BlobDoor(storage, verify=verify)
        self._journal = Journal(data) if data else None
        self.items = Items(self._journal)
        self.ledger = Ledger()
        self.jobs = Jobs(self.catalogue, self.door, kind, self.items, self.ledger)
        self.sessions = Sessions(self.catalogue, self.items, session_idle_seconds)
        self.pool = Pool(workers, limits)
        if seed is None:
            seed = secrets.token_hex(16)
            seed = self._journal.setting("seed", seed) if self._journal else seed
        self.lifecycle = Lifecycle(self.jobs, self.door, self.pool, self.ledger, seed=seed, time_scale=time_scale)
        try:
            if script is not None:
                self.follow(script)
            self._restore()
        except BaseException:
            self._close()
            raise

    def follow(self, script: Script) -> None:
        """Behave from now on as a script tells, forgetting the one before; raises ScriptWrong."""
        self.catalogue.providers = script.applied(self._offered)
        self.lifecycle.follow(script)
        self.jobs.enforces_quotas = script.enforce_quotas
        self.sessions.time_out_after(script.session_idle_seconds)
        self.authentication.keys_enabled = script.api_keys_enabled

    def _close(self) -> None:
        self.items.close()
        if self._journal:
            self._journal.close()

    def _restore(self) -> None:
        """Make jobs and sessions again of what the journal holds."""
        if self._journal is None:
            return
        for position, kind, record in self._journal.records():
            try:
                self._take_back(position, kind, record)
            except (ValueError, KeyError, TypeError) as error:
                raise self._journal.damaged(f"record {position} is no {kind.lower()}") from error
        self.items.restore([*self.jobs, *self.sessions])
        self.sessions.restored()

    def _take_back(self, position: int, kind: str, record: str) -> None:
        """Make one thing again; raises ValueError, KeyError or TypeError."""
        if kind == Bill.__name__:
            self.ledger.book(Bill.of_record(record))
            self.items.reserve(position)
        elif kind == Session.item_type:
            self.sessions.restore(record).position = position
        else:
            job = Job.of_record(record)
            job.position = position
            self.jobs.restore(job)
            if job.session_key:
                self.sessions.get(job.session_key).jobs.append(job)
            if job.is_done:
                self.ledger.settle(job)

    @property
    def put_counts(self) -> Counter[str]:
        """How often each job id was PUT, also when it made no new job."""
        return self.jobs.put_counts

    @property
    def resource_id(self) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Quantum/workspaces/{self.name}"

    def put_job(self, job_id: str, request: JobRequest, caller: Caller) -> tuple[Job, bool]:
        """Give the job of this id and whether it is new, put into its session; raises Refused (400, 409)."""
        is_repeat = job_id in self.jobs
        session_id = None if is_repeat else request.session_id
        session = self.sessions.open_for(session_id, request.target) if session_id else None
        job, is_new = self.jobs.put(job_id, request, caller)
        if session is not None:
            session.jobs.append(job)
        return job, is_new

    def update_job(self, job_id: str, update: JobUpdate) -> Job:
        """Change name, priority or tags, and with the priority the job's place in the line."""
        job = self.jobs.update(job_id, update)
        self.lifecycle.reorder(job)
        return job

    def delete_job(self, job_id: str) -> None:
        """Delete a job that has ended; raises Refused (404, 409)."""
        job = self.jobs.ended(job_id)
        # In this order a kill in between leaves a session that knows all.
        self.sessions.forget(job)
        self.jobs.delete(job)

    async def start(self) -> None:
        """Start the workers and take up jobs that had not ended; raises WorkerLost when a worker cannot start."""
        await self.pool.start()
        unfinished = [job for job in self.jobs if not job.is_done]
        # Those that ran have their places back before those that waited.
        for job in sorted(unfinished, key=lambda job: (job.began is None, place_of(job))):
            self.lifecycle.resume(job)

    async def stop(self) -> None:
        """End all jobs and workers and close what is open."""
        await self.lifecycle.stop()
        await self.pool.stop()
        await self.door.close()
        self._close()
