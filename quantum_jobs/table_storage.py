"""Job records in Table Storage: one partition per owner, newest job first, compare-and-swap on every change.

Rows of a partition: `job_<id>` the record, and `key:<hash>` which job an Idempotency-Key made, with the program as it
was submitted. The two are inserted in one transaction: a job without its program, or a key used twice, cannot exist.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs.border import PATIENCE, answering
from quantum_jobs.models import Attempt, HistoryEntry, Job, JobState, ProgramSource, Register, Stored

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient

TABLE = "jobs"


class TableStorage:
    """The records of all jobs."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential

    async def insert(self, job: Job, program: ProgramSource) -> Job:
        """Insert a job, or give the one that the same owner's key made before.

        Raises:
            ServiceUnavailable: the table does not answer; the job may be there, the same key finds it.
        """
        with answering("The job table"):
            return await asyncio.to_thread(self._insert, job, program)

    def _insert(self, job: Job, program: ProgramSource) -> Job:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
        from azure.data.tables import TableTransactionError

        rows = [("create", row) for row in _rows(job, program)]
        try:
            try:
                self._client.submit_transaction(rows)
            except (TableTransactionError, ResourceNotFoundError) as error:
                if error.status_code != 404:
                    raise
                self._create_table()
                self._client.submit_transaction(rows)
        except (TableTransactionError, ResourceExistsError) as error:
            if error.status_code != 409:
                raise
            return self._made_by(job)
        return job

    def _create_table(self) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):  # another thread or instance was faster
            self._client.create_table()

    def _made_by(self, job: Job) -> Job:
        row = self._client.get_entity(job.owner, _key_row(job.key_hash))
        return _job(json.loads(self._client.get_entity(job.owner, row["JobId"])["Document"]))

    async def get(self, owner: str, job_id: str) -> Stored | None:
        """Read a job of an owner; None when there is none: one point read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        with answering("The job table"):
            row = await asyncio.to_thread(self._row, owner, job_id)
        return Stored(_job(json.loads(row["Document"])), row.metadata["etag"]) if row is not None else None

    async def program(self, job: Job) -> ProgramSource | None:
        """Read a job's program as it was submitted; None when there is none.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        with answering("The job table"):
            row = await asyncio.to_thread(self._row, job.owner, _key_row(job.key_hash))
        return ProgramSource(row["Format"], bytes(row["Source"]).decode()) if row is not None else None

    def _row(self, owner: str, row_key: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_entity(owner, row_key)
        except ResourceNotFoundError:
            return None

    async def update(self, job: Job, etag: str) -> Stored | None:
        """Replace a record if nobody has changed it since it was read; None when somebody has.

        Raises:
            ServiceUnavailable: the table does not answer; read again before deciding.
        """
        with answering("The job table"):
            written = await asyncio.to_thread(self._update, job, etag)
        return Stored(job, written) if written else None

    def _update(self, job: Job, etag: str) -> str | None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        try:
            answer = self._client.update_entity(
                _record_row(job), mode=UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return None
        return str(answer["etag"])

    async def check(self) -> None:
        """Ask the table for anything at all.

        Raises:
            ServiceUnavailable: it does not answer.
        """
        with answering("The job table"):
            await asyncio.to_thread(self._row, "health", "health")

    @cached_property
    def _client(self) -> TableClient:
        from azure.data.tables import TableClient

        return TableClient(self._url, TABLE, credential=self._credential, **PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _rows(job: Job, program: ProgramSource) -> list[dict[str, Any]]:
    return [
        _record_row(job),
        {
            "PartitionKey": job.owner,
            "RowKey": _key_row(job.key_hash),
            "JobId": job.id,
            "Format": program.format,
            # Binary, because a string of 64 KiB would be over the 32 Ki characters that a string property takes.
            "Source": program.source.encode(),
        },
    ]


def _record_row(job: Job) -> dict[str, Any]:
    # State, target and revision stand beside the document so that lists can filter on them.
    return {
        "PartitionKey": job.owner,
        "RowKey": job.id,
        "State": job.state.value,
        "Target": job.target,
        "Revision": job.revision,
        "Document": json.dumps(asdict(job), separators=(",", ":")),
    }


def _key_row(key_hash: str) -> str:
    return f"key:{key_hash}"


def _job(document: dict[str, Any]) -> Job:
    document["state"] = JobState(document["state"])
    document["registers"] = tuple(Register(**item) for item in document["registers"])
    document["attempts"] = tuple(Attempt(**{**item, "state": JobState(item["state"])}) for item in document["attempts"])
    document["history"] = tuple(HistoryEntry(JobState(item["state"]), item["at"]) for item in document["history"])
    return Job(**document)
