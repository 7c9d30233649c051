"""Blobs: a container per attempt, shared with the provider; others for results, programs and uploads."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.clock import now, parse_timestamp
from quantum_jobs.job_ids import is_job_id, is_upload_id
from quantum_jobs.submissions import Upload

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient, UserDelegationKey

RESULTS = "results"
PROGRAMS = "programs"
UPLOADS = "uploads"  # a lifecycle rule empties it after a day: what was used has been copied to PROGRAMS
_LINK_LIFE = timedelta(minutes=5)
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
        self._door = Door("The blob store")
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
        # Nobody is asked while the key is fresh: then a thread would cost more than the signature.
        signature = self._signature(name) if self._key_is_fresh else await self._call(lambda: self._signature(name))
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

    async def drop_result(self, owner: str, job_id: str) -> None:
        """Erase a result; it may be gone already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _result_blob(owner, job_id)
        await self._call(lambda: self._erase(RESULTS, name))

    async def output_link(self, provider_job_id: str, blob: str) -> str:
        """Give an address from which the provider's own output can be read for five minutes.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        return await self._call(lambda: self._link(attempt_container(provider_job_id), blob, now() + _LINK_LIFE))

    async def upload_link(self, owner: str, upload: Upload) -> str:
        """Give an address at which the upload's blob can be created, once.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        ends = parse_timestamp(upload.expires_at)
        name = _upload_blob(owner, upload.id)
        return await self._call(lambda: self._upload_link(name, ends))

    async def get_upload(self, owner: str, upload_id: str, most_bytes: int) -> bytes | None:
        """Read an upload, at most one byte more than `most_bytes` of it; None when it is not there.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _upload_blob(owner, upload_id)
        return await self._call(lambda: self._read_some(UPLOADS, name, most_bytes + 1))

    async def put_program(self, owner: str, job_id: str, data: bytes) -> None:
        """Store a program that came by upload; once written it stays as it is.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _program_blob(owner, job_id)
        await self._call(lambda: self._write(PROGRAMS, name, data, "application/octet-stream"))

    async def get_program(self, owner: str, job_id: str) -> bytes | None:
        """Read a program that came by upload; None when it is not there.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _program_blob(owner, job_id)
        read = await self._call(lambda: self._read(PROGRAMS, name, None))
        return read[0] if read else None

    async def program_link(self, owner: str, job_id: str) -> str:
        """Give an address from which a program that came by upload can be read for five minutes.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _program_blob(owner, job_id)
        return await self._call(lambda: self._link(PROGRAMS, name, now() + _LINK_LIFE))

    async def drop_program(self, owner: str, job_id: str) -> None:
        """Erase a program that came by upload; it may be gone already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        name = _program_blob(owner, job_id)
        await self._call(lambda: self._erase(PROGRAMS, name))

    async def _call[T](self, work: Callable[[], T]) -> T:
        return await self._door.call(work)

    def _create(self, container: str) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):  # a repeated dispatch, or another instance
            self._client.create_container(container)

    def _drop(self, container: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):
            self._client.delete_container(container)

    def _erase(self, container: str, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):
            self._client.get_blob_client(container, name).delete_blob()

    def _read_some(self, container: str, name: str, length: int) -> bytes | None:
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        try:
            return self._client.get_blob_client(container, name).download_blob(offset=0, length=length).readall()
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            if error.status_code == 416:  # nothing at byte 0: an empty blob
                return b""
            raise

    def _upload_link(self, name: str, ends: datetime) -> str:
        self._create(UPLOADS)
        return self._link(UPLOADS, name, ends, create=True)

    def _link(self, container: str, name: str, ends: datetime, *, create: bool = False) -> str:
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        # Create without write: the blob can be made, and never be made again.
        permission = BlobSasPermissions(create=True) if create else BlobSasPermissions(read=True)
        signature = generate_blob_sas(
            account_name=str(self._client.account_name),
            container_name=container,
            blob_name=name,
            user_delegation_key=self._delegation_key(),
            permission=permission,
            expiry=ends,
            protocol="https",
        )
        return f"{self._url}/{container}/{name}?{signature}"

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

    @property
    def _key_is_fresh(self) -> bool:
        return self._delegation is not None and time.monotonic() - self._delegation[0] <= _KEY_FRESH_SECONDS

    def _delegation_key(self) -> UserDelegationKey:
        if self._delegation is None or not self._key_is_fresh:
            start = now()
            key = self._client.get_user_delegation_key(start - timedelta(minutes=5), start + _KEY_LIFE)
            self._delegation = (time.monotonic(), key)
        return self._delegation[1]

    @cached_property
    def _client(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        from quantum_jobs.connections import transport

        return BlobServiceClient(self._url, self._credential, transport=transport(), **PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()


def _result_blob(owner: str, job_id: str) -> str:
    # The HTTP stack below resolves dots in a path: with them a name would lead into another owner's folder.
    if not is_job_id(job_id):
        raise ValueError(f"{job_id!r} is not the id of a job")
    return f"{owner}/{job_id}.json"


def _program_blob(owner: str, job_id: str) -> str:
    return _result_blob(owner, job_id).removesuffix(".json")


def _upload_blob(owner: str, upload_id: str) -> str:
    if not is_upload_id(upload_id):
        raise ValueError(f"{upload_id!r} is not the id of an upload")
    return f"{owner}/{upload_id}"
