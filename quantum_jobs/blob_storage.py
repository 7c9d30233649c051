"""Blobs: one container per attempt, shared with the provider; normalised results in a container of their own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs.border import PATIENCE, answering
from quantum_jobs.models import is_job_id, now

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient, UserDelegationKey

RESULTS = "results"
_KEY_LIFE = timedelta(days=7)  # the longest a user-delegation key lives
_KEY_FRESH_SECONDS = 86_400  # so a container's SAS holds for at least six days in a queue


def attempt_container(provider_job_id: str) -> str:
    """The container of one attempt, named as the Azure Quantum SDK names it."""
    return f"job-{provider_job_id}"


class BlobStorage:
    """One storage account, reached with the service's identity; no account key."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._delegation: tuple[float, UserDelegationKey] | None = None

    async def create_container(self, provider_job_id: str) -> None:
        """Create an attempt's container; it may exist already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._call(lambda: self._create(attempt_container(provider_job_id)))

    async def drop_container(self, provider_job_id: str) -> None:
        """Delete an attempt's container; it may be gone already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._call(lambda: self._drop(attempt_container(provider_job_id)))

    async def put_input(self, provider_job_id: str, data: bytes, media_type: str) -> None:
        """Store what the provider is to run, in the attempt's container; once written it stays as it is.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._call(lambda: self._write(attempt_container(provider_job_id), "inputData", data, media_type))

    async def shared_container(self, provider_job_id: str) -> tuple[str, str]:
        """Give the address of the attempt's container, signed for reading and writing, and that of the input in it.

        The signature is a user-delegation SAS of seven days at most.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = attempt_container(provider_job_id)
        signature = await self._call(lambda: self._signature(name))
        return f"{self._url}/{name}?{signature}", f"{self._url}/{name}/inputData"

    async def get_output(self, provider_job_id: str, blob: str) -> bytes | None:
        """Read a blob of the attempt's container; None when it is not there.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        read = await self._call(lambda: self._read(attempt_container(provider_job_id), blob, None))
        return read[0] if read else None

    async def put_result(self, owner: str, job_id: str, document: bytes) -> None:
        """Store a normalised result; once written it stays as it is.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _result_blob(owner, job_id)
        await self._call(lambda: self._write(RESULTS, name, document, "application/json"))

    async def get_result(self, owner: str, job_id: str, known_etag: str | None) -> tuple[bytes | None, str] | None:
        """Read a result with its ETag in one call; None when there is none, no bytes when the caller's is current.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _result_blob(owner, job_id)
        return await self._call(lambda: self._read(RESULTS, name, known_etag))

    async def _call[T](self, work: Callable[[], T]) -> T:
        with answering("The blob store"):
            return await asyncio.to_thread(work)

    def _create(self, container: str) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):  # a repeated dispatch, or another instance
            self._client.create_container(container)

    def _drop(self, container: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):
            self._client.delete_container(container)

    def _write(self, container: str, name: str, data: bytes, media_type: str) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
        from azure.storage.blob import ContentSettings

        blob = self._client.get_blob_client(container, name)
        for _ in range(2):
            try:
                blob.upload_blob(data, overwrite=False, content_settings=ContentSettings(content_type=media_type))
                return
            except ResourceExistsError:
                return  # written before, by a repeat of the same step
            except ResourceNotFoundError:
                self._create(container)
        raise ResourceNotFoundError(f"container {container} vanished while it was written")

    def _read(self, container: str, name: str, known_etag: str | None) -> tuple[bytes | None, str] | None:
        from azure.core import MatchConditions
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        condition: dict[str, Any] = (
            {"etag": known_etag, "match_condition": MatchConditions.IfModified} if known_etag else {}
        )
        try:
            download = self._client.get_blob_client(container, name).download_blob(**condition)
            return download.readall(), str(download.properties.etag)
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            if error.status_code == 304 and known_etag:
                return None, known_etag
            raise

    def _signature(self, container: str) -> str:
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        key = self._delegation_key()
        return str(
            generate_container_sas(
                account_name=str(self._client.account_name),
                container_name=container,
                user_delegation_key=key,
                permission=ContainerSasPermissions(read=True, add=True, create=True, write=True, list=True),
                expiry=key.signed_expiry,
                protocol="https",
            )
        )

    def _delegation_key(self) -> UserDelegationKey:
        if self._delegation is None or time.monotonic() - self._delegation[0] > _KEY_FRESH_SECONDS:
            start = now()
            key = self._client.get_user_delegation_key(start - timedelta(minutes=5), start + _KEY_LIFE)
            self._delegation = (time.monotonic(), key)
        return self._delegation[1]

    @cached_property
    def _client(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(self._url, self._credential, **PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _result_blob(owner: str, job_id: str) -> str:
    # The HTTP stack below resolves dots in a path: with them a name would lead into another owner's folder.
    if not is_job_id(job_id):
        raise ValueError(f"{job_id!r} is not the id of a job")
    return f"{owner}/{job_id}.json"
