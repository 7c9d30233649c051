"""Checkpoints of loops: an append blob each, of which one process at a time may write the end."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.errors import CheckpointTaken

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient, BlobServiceClient

CONTAINER = "loops"
_MOST_BYTES = 4 * 2**20  # of one append


class CheckpointStorage:
    """One storage account, reached with the application's identity."""

    def __init__(self, url: str, credential: TokenCredential) -> None:
        self._url = url
        self._credential = credential
        self._door = Door("The blob store", threads=4)

    async def read(self, name: str) -> bytes | None:
        """Give all that was written; None when nothing was.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        return await self._door.call(lambda: self._read(name))

    async def append(self, name: str, data: bytes, position: int) -> int:
        """Write at the end, which must be where it was left; gives where it is now. The first writing makes the blob.

        Raises:
            CheckpointTaken: somebody else has written meanwhile; nothing was written.
            ServiceUnavailable: the store does not answer.
        """
        return await self._door.call(lambda: self._append(name, data, position))

    async def drop(self, name: str) -> None:
        """Erase a checkpoint; it may be gone already.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._door.call(lambda: self._drop(name))

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()

    def _read(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._blob(name).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def _append(self, name: str, data: bytes, position: int) -> int:
        blob = self._blob(name)
        if position == 0:
            _make(blob)
        for start in range(0, len(data), _MOST_BYTES):
            piece = data[start : start + _MOST_BYTES]
            _append_at(blob, piece, position)
            position += len(piece)
        return position

    def _drop(self, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):
            self._blob(name).delete_blob()

    def _blob(self, name: str) -> BlobClient:
        return self._client.get_blob_client(CONTAINER, name)

    @cached_property
    def _client(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        from quantum_jobs.connections import transport

        return BlobServiceClient(self._url, self._credential, transport=transport(), **PATIENCE)


def _make(blob: BlobClient) -> None:
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

    with contextlib.suppress(ResourceExistsError, ResourceModifiedError):  # it is there: the append decides
        try:
            blob.create_append_blob(match_condition=MatchConditions.IfMissing)
        except ResourceNotFoundError:
            with contextlib.suppress(ResourceExistsError):  # another process was faster
                blob._get_container_client().create_container()  # noqa: SLF001 - the package's own way from blob to container
            blob.create_append_blob(match_condition=MatchConditions.IfMissing)


def _append_at(blob: BlobClient, piece: bytes, position: int) -> None:
    from azure.core.exceptions import HttpResponseError

    try:
        blob.append_block(piece, appendpos_condition=position)
    except HttpResponseError as error:
        if error.status_code != 412:
            raise
        # It may be ours: written by a call whose answer was lost.
        if blob.download_blob(offset=position, length=len(piece)).readall() != piece:
            raise CheckpointTaken(
                "Another process has written to this loop's checkpoint: let one of them go on, or name the loops apart."
            ) from error
