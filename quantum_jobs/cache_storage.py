"""Cached results in the blob store, for processes that share an account but no disk."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobServiceClient

CONTAINER = "cached-results"


class CacheStorage:
    """One storage account, reached with the application's identity; old results go by the account's lifecycle rules."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._door = Door("The blob store", threads=4)

    async def read(self, name: str) -> tuple[bytes, float] | None:
        """Give a result, and when it was kept (seconds since 1970).

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        return await self._door.call(lambda: self._read(name))

    async def write(self, name: str, data: bytes) -> None:
        """Keep a result; a newer one takes the place of an older.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._door.call(lambda: self._write(name, data))

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()

    def _read(self, name: str) -> tuple[bytes, float] | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            download = self._client.get_blob_client(CONTAINER, name).download_blob()
            return download.readall(), download.properties.last_modified.timestamp()
        except ResourceNotFoundError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        blob = self._client.get_blob_client(CONTAINER, name)
        try:
            blob.upload_blob(data, overwrite=True)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another process was faster
                self._client.create_container(CONTAINER)
            blob.upload_blob(data, overwrite=True)

    @cached_property
    def _client(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        from quantum_jobs.connections import transport

        return BlobServiceClient(self._url, self._credential, transport=transport(), **PATIENCE)
