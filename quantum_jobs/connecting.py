"""Composes the service for one process of an application; the counterpart of `app.py`, without anything of HTTP."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from quantum_jobs.async_client import AsyncClient, Parts
from quantum_jobs.azure_quantum import AzureQuantumWorkspace
from quantum_jobs.budgets import allowance
from quantum_jobs.cache_storage import CacheStorage
from quantum_jobs.checkpoint_storage import CheckpointStorage
from quantum_jobs.client import Client
from quantum_jobs.errors import Fault, InvalidRequest
from quantum_jobs.identity import operators_identity
from quantum_jobs.key_vault import KeyVault
from quantum_jobs.memory import MemoryRecords, ProcessBlobs
from quantum_jobs.models import JOBS_SUBMIT, Caller
from quantum_jobs.prices import rate_card
from quantum_jobs.process_queue import ProcessQueue
from quantum_jobs.result_caches import FolderStore, MemoryStore, ResultCache
from quantum_jobs.retention import retention
from quantum_jobs.service import JobService
from quantum_jobs.settings import WorkspaceSettings
from quantum_jobs.submitting import Terms
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.throttles import Pace, Throttle
from quantum_jobs.workspace_sessions import WorkspaceSessions

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

type Records = Literal["table", "memory"]
type Cache = Literal["memory", "blob"] | Path | None

_DAY = 86_400.0


@dataclass(frozen=True)
class Connection:
    """How an application connects.

    `records`: `table` keeps jobs and results in the storage account, where a later process, and the service's own
    operators, find them; `memory` keeps them in this process, is faster, and loses sight of unfinished jobs with it.
    `cache`: None, `memory`, a folder, or `blob`; results older than `cache_seconds` are not given.
    """

    application: str
    records: Records = "table"
    pace: Pace = field(default_factory=Pace)
    cache: Cache = None
    cache_seconds: float = _DAY

    def __post_init__(self) -> None:
        faults = []
        if not 1 <= len(self.application) <= 128:
            faults.append(Fault("must have 1 to 128 characters", "application"))
        if self.records not in ("table", "memory"):
            faults.append(Fault(f"{self.records!r} is not 'table' or 'memory'", "records"))
        if self.cache not in (None, "memory", "blob") and not isinstance(self.cache, Path):
            faults.append(Fault(f"{self.cache!r} is not None, 'memory', 'blob' or a pathlib.Path", "cache"))
        if faults:
            raise InvalidRequest(faults)

    @property
    def caller(self) -> Caller:
        """Whose the jobs are: an application by its name is nobody who could call over HTTP."""
        return Caller("application", self.application, f"app:{self.application}", frozenset({JOBS_SUBMIT}))


def connect(
    application: str,
    *,
    records: Records = "table",
    pace: Pace | None = None,
    cache: Cache = None,
    cache_seconds: float = _DAY,
    settings: WorkspaceSettings | None = None,
    credential: TokenCredential | None = None,
) -> Client:
    """Connect an application to its workspace; use the client in a `with`.

    `application` names whose jobs these are. Where things are comes from the environment (`KEY_VAULT_URL`,
    `STORAGE_ACCOUNT_NAME`, ...; docs/tight.md), or from `settings`. Who it is: the process's managed identity; without
    one, who has done `az login`; or `credential`. The other arguments: see `Connection`.

    Raises:
        SettingsMissing: names all that is missing.
        InvalidRequest: an argument is wrong; says which.
    """
    how = Connection(application, records, pace or Pace(), cache, cache_seconds)
    settings = settings or WorkspaceSettings.from_env(os.environ)
    return Client(lambda: _composed(how, settings, credential))


def connect_async(
    application: str,
    *,
    records: Records = "table",
    pace: Pace | None = None,
    cache: Cache = None,
    cache_seconds: float = _DAY,
    settings: WorkspaceSettings | None = None,
    credential: TokenCredential | None = None,
) -> AsyncClient:
    """Connect as `connect` does, for programs with an event loop; call it there and use the client in an `async with`.

    Raises:
        SettingsMissing, InvalidRequest: as `connect`.
    """
    how = Connection(application, records, pace or Pace(), cache, cache_seconds)
    return _composed(how, settings or WorkspaceSettings.from_env(os.environ), credential)


def _composed(how: Connection, settings: WorkspaceSettings, credential: TokenCredential | None) -> AsyncClient:
    # The Azure packages write every request with its headers, at each call.
    logging.getLogger("azure").setLevel(logging.WARNING)
    identity = credential or operators_identity(settings.identity_client_id)
    blob_url = settings.storage_url("blob")
    durable = how.records == "table"
    vault = KeyVault(settings.key_vault_url, settings.workspace_secret_name, identity)
    workspace = AzureQuantumWorkspace(vault.workspace_location, identity)
    table = TableStorage(settings.storage_url("table"), identity) if durable else None
    blobs = ProcessBlobs(blob_url, identity, durable=durable)
    queue = ProcessQueue()
    service = JobService(
        workspace=workspace,
        records=table or MemoryRecords(),
        blobs=blobs,
        queue=queue,
        terms=Terms(
            rate_card(settings.rate_card),
            allowance(settings.monthly_budget, settings.monthly_budget_per_target),
            retention(settings.result_retention_days),
        ),
    )
    queue.deliver_to(service.shepherd.advance, service.shepherd.revive)
    checkpoints = CheckpointStorage(blob_url, identity) if durable else None
    cached = CacheStorage(blob_url, identity) if how.cache == "blob" else None
    outside: list[_Outside] = [
        part for part in (vault, workspace, table, blobs, checkpoints, cached) if part is not None
    ]
    return AsyncClient(
        Parts(
            service=service,
            queue=queue,
            blobs=blobs,
            sessions=WorkspaceSessions(workspace),
            caller=how.caller,
            throttle=Throttle(how.pace),
            close=lambda: _close(outside),
            cache=_cache(how, cached),
            checkpoints=checkpoints,
        )
    )


class _Outside(Protocol):
    def close(self) -> None: ...


def _close(outside: Sequence[_Outside]) -> None:
    for part in outside:
        part.close()


def _cache(how: Connection, blobs: CacheStorage | None) -> ResultCache | None:
    if how.cache is None:
        return None
    if blobs is not None:
        return ResultCache(blobs, how.cache_seconds)
    store = FolderStore(how.cache) if isinstance(how.cache, Path) else MemoryStore()
    return ResultCache(store, how.cache_seconds)
