"""Job records in Table Storage: one partition per owner, newest job first, compare-and-swap on every change.

What belongs together is written in one transaction: record, key and program at submit, and the account of a job that
costs; record and account at the end. A job without its program, a key used twice, a cost held for no job cannot exist.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from quantum_jobs import rows
from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.errors import AccountMoved
from quantum_jobs.models import Job, JobQuery, Stored, WaitSamples
from quantum_jobs.submissions import Submission, Upload
from quantum_jobs.tables import NO_TABLE, TABLE, create_table, in_table
from quantum_jobs.transactions import Change, Outcome, Transactions

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import RequestsTransport
    from azure.data.tables import TableClient

_ROUND_TRIPS = 5  # of one list: a page that few jobs fit may end early, with a link to the next


class TableStorage:
    """The records of all jobs."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._door = Door("The job table")
        self._transactions = Transactions(url, TABLE, credential, lambda: self._transport)

    async def insert(self, job: Job, submission: Submission, account: Account | None = None) -> Job:
        """Insert a job, or give the one that the same owner's key made before.

        Raises:
            AccountMoved: the account has been written since it was read; nothing was inserted.
            ServiceUnavailable: the table does not answer; the job may be there, the same key finds it.
        """
        changes = [Change(rows.record_row(job)), Change(rows.key_row(job, submission))]
        if job.reuse_hash:
            changes.append(Change(rows.reuse_row(job), always=True))
        if account is not None:
            changes.append(Change(rows.account_row(job.owner, account), account.etag))
        outcome = await self._door.call(lambda: self._transaction(changes))
        if outcome.status == 200:
            return job
        made = await self._door.call(lambda: self._made_by(job.owner, job.key_hash))
        if made is None:
            raise AccountMoved
        return made

    async def made_by(self, owner: str, key_hash: str) -> Job | None:
        """Give the job that a key has made.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        return await self._door.call(lambda: self._made_by(owner, key_hash))

    def _made_by(self, owner: str, key_hash: str) -> Job | None:
        key = self._row(owner, rows.key_name(key_hash))
        record = self._row(owner, key["JobId"]) if key is not None else None
        return rows.job_of(record) if record is not None else None

    async def get(self, owner: str, job_id: str) -> Stored | None:
        """Read a job of an owner; None when there is none: one point read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._read(owner, job_id)
        return Stored(rows.job_of(row), row.metadata["etag"]) if row is not None else None

    async def submission(self, job: Job) -> Submission | None:
        """Read what was submitted for a job; None when there is nothing.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._read(job.owner, rows.key_name(job.key_hash))
        return rows.submission_of(row) if row is not None else None

    async def forget(self, job: Job) -> None:
        """Erase what was submitted for a job; that its key is used stays.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        from azure.data.tables import UpdateMode

        await self._upsert(rows.erased_key_row(job), UpdateMode.REPLACE)

    async def update(self, job: Job, etag: str, account: Account | None = None) -> Stored | None:
        """Replace a record if nobody has changed it since it was read; None when somebody has.

        Raises:
            AccountMoved: the account has been written since it was read, or the record; nothing was changed.
            ServiceUnavailable: the table does not answer; read again before deciding.
        """
        if account is None:
            written = await self._door.call(lambda: self._update(rows.record_row(job), etag))
            return Stored(job, written) if written else None
        changes = [Change(rows.record_row(job), etag), Change(rows.account_row(job.owner, account), account.etag)]
        outcome = await self._door.call(lambda: self._transaction(changes))
        if outcome.status == 200:
            return Stored(job, outcome.etags[0])
        raise AccountMoved

    def _update(self, row: rows.Row, etag: str) -> str | None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        options = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
        try:
            return str(self._client.update_entity(row, **options)["etag"])  # type: ignore[arg-type]
        except (ResourceModifiedError, ResourceNotFoundError):
            return None

    async def page(self, owner: str, query: JobQuery) -> tuple[Sequence[Job], str | None]:
        """Give one page of an owner's jobs, newest first, and the id at which the next begins.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        return await self._door.call(lambda: self._page(owner, query))

    def _page(self, owner: str, query: JobQuery) -> tuple[Sequence[Job], str | None]:
        from azure.core.exceptions import ResourceNotFoundError

        text, values = rows.list_filter(owner, query)
        pages = self._client.query_entities(text, parameters=values, results_per_page=query.page_size + 1).by_page()
        found: list[Any] = []
        with contextlib.suppress(ResourceNotFoundError):  # no job was ever made
            for page in islice(pages, _ROUND_TRIPS):
                found.extend(page)
                if len(found) > query.page_size:
                    return [rows.job_of(row) for row in found[: query.page_size]], found[query.page_size]["RowKey"]
        token = pages.continuation_token  # type: ignore[attr-defined]
        return [rows.job_of(row) for row in found], token["RowKey"] if token else None

    async def account(self, owner: str, month: str) -> tuple[Account, Allowance | None]:
        """Give an owner's account of a month, and the owner's own allowance if there is one: one range read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        return await self._door.call(lambda: self._account(owner, month))

    def _account(self, owner: str, month: str) -> tuple[Account, Allowance | None]:
        from azure.core.exceptions import ResourceNotFoundError

        names = {"owner": owner, "month": rows.account_name(month), "own": rows.ALLOWANCE_ROW}
        # A range, because the table looks at every row of a partition where two keys are joined by `or`.
        text = "PartitionKey eq @owner and RowKey ge @month and RowKey le @own"
        found: dict[str, Any] = {}
        with contextlib.suppress(ResourceNotFoundError):
            found = {row["RowKey"]: row for row in self._client.query_entities(text, parameters=names)}
        row, own = found.get(names["month"]), found.get(rows.ALLOWANCE_ROW)
        account = rows.account_of(row, row.metadata["etag"]) if row is not None else Account(month)
        return account, rows.allowance_of(own) if own is not None else None

    async def reusable(self, owner: str, reuse_hash: str) -> Stored | None:
        """Give the last job of an owner that asked for the same content to be reused.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._read(owner, f"reuse:{reuse_hash}")
        return await self.get(owner, row["JobId"]) if row is not None else None

    async def point_to(self, job: Job) -> None:
        """Write whose a job is, for those who may read all.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        await self._upsert(rows.pointer_row(job))

    async def owner_of(self, job_id: str) -> str | None:
        """Tell whose a job is; None while no pointer to it is written.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._read(rows.POINTERS, job_id)
        return str(row["Owner"]) if row is not None else None

    async def waits(self) -> Mapping[str, WaitSamples]:
        """Give the last waits of jobs by target: one read of a small partition.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        return await self._door.call(self._waits)

    def _waits(self) -> Mapping[str, WaitSamples]:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):
            found = self._client.query_entities("PartitionKey eq @name", parameters={"name": rows.WAITS})
            return {row["RowKey"]: rows.waits_of(row, str(row.metadata["etag"])) for row in found}
        return {}

    async def keep_waits(self, target: str, samples: WaitSamples) -> bool:
        """Write the waits of a target; tells whether nobody had written them since they were read.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = rows.wait_row(target, samples)
        etag = samples.etag
        if etag:
            return await self._door.call(lambda: self._update(row, etag)) is not None
        return await self._door.call(lambda: self._create(row))

    def _create(self, row: rows.Row) -> bool:
        from azure.core.exceptions import ResourceExistsError

        try:
            in_table(self._client, lambda: self._client.create_entity(row))
        except ResourceExistsError:
            return False
        return True

    async def add_upload(self, owner: str, upload: Upload) -> None:
        """Write what an upload is to hold.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        await self._upsert(rows.upload_row(owner, upload))

    async def upload(self, owner: str, upload_id: str) -> Upload | None:
        """Read what an upload is to hold; None when the owner has announced none of this id.

        Raises:
            ServiceUnavailable: the table does not answer.
        """
        row = await self._read(owner, rows.upload_name(upload_id))
        return rows.upload_of(row) if row is not None else None

    async def check(self) -> None:
        """Ask the table for anything at all.

        Raises:
            ServiceUnavailable: it does not answer.
        """
        await self._read("health", "health")

    async def _read(self, partition: str, name: str) -> Any:
        return await self._door.call(lambda: self._row(partition, name))

    def _row(self, partition: str, name: str) -> Any:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_entity(partition, name)
        except ResourceNotFoundError:
            return None

    async def _upsert(self, row: rows.Row, mode: Any = None) -> None:
        options = {"mode": mode} if mode else {}
        await self._door.call(lambda: in_table(self._client, lambda: self._client.upsert_entity(row, **options)))

    def _transaction(self, changes: Sequence[Change]) -> Outcome:
        """Give 200, or the status of what stood in the way: 409 something exists, 412 or 404 something has changed."""
        from azure.core.exceptions import HttpResponseError

        outcome = self._transactions.send(changes)
        if outcome.code == NO_TABLE:
            self._create_table()
            outcome = self._transactions.send(changes)
        if outcome.status not in (200, 404, 409, 412) or outcome.code == NO_TABLE:
            raise HttpResponseError(f"The transaction was refused: {outcome.status} {outcome.code}")
        return outcome

    def _create_table(self) -> None:
        create_table(self._client)

    @cached_property
    def _client(self) -> TableClient:
        from azure.data.tables import TableClient

        return TableClient(self._url, TABLE, credential=self._credential, transport=self._transport, **PATIENCE)

    @cached_property
    def _transport(self) -> RequestsTransport:
        from quantum_jobs.connections import transport

        return transport()

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()
        self._transactions.close()
