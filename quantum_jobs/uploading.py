"""Programs too large for a request: announced, uploaded straight to the blob store, checked when a job names them."""

import hashlib
from datetime import timedelta

from quantum_jobs.clock import now, timestamp
from quantum_jobs.errors import Fault, InvalidRequest, PayloadTooLarge, UploadIncomplete
from quantum_jobs.job_ids import is_upload_id, new_upload_id
from quantum_jobs.models import Caller
from quantum_jobs.ports import JobBlobs, JobRecords
from quantum_jobs.submissions import ProgramSource, Upload

MAX_UPLOAD_BYTES = 16 * 2**20  # what the readers of programs take
_LINK_LIFE = timedelta(minutes=15)


class Uploads:
    """The valet key: the caller gets an address that can create one blob, once."""

    def __init__(self, records: JobRecords, blobs: JobBlobs) -> None:
        self._records = records
        self._blobs = blobs

    async def announce(self, caller: Caller, program_format: str, size: int, sha256: str) -> tuple[Upload, str]:
        """Give an upload for a program of so many bytes and this digest, and the address to PUT it to.

        Raises:
            PayloadTooLarge: more than the service reads.
            ServiceUnavailable: a store does not answer.
        """
        if size > MAX_UPLOAD_BYTES:
            raise PayloadTooLarge(size, MAX_UPLOAD_BYTES)
        upload = Upload(new_upload_id(), program_format, size, sha256.lower(), timestamp(now() + _LINK_LIFE))
        await self._records.add_upload(caller.owner, upload)
        return upload, await self._blobs.upload_link(caller.owner, upload)

    async def content(self, caller: Caller, program: ProgramSource) -> bytes | None:
        """Give the bytes of a program that comes by upload; None for one that came in the request.

        Raises:
            InvalidRequest: the caller has announced no such upload, or one of another format.
            UploadIncomplete: the blob is not there, or holds something else than was announced.
            ServiceUnavailable: a store does not answer.
        """
        if program.upload_id is None:
            return None
        upload = await self._announced(caller, program.upload_id)
        if upload.format != program.format:
            raise InvalidRequest([Fault(f"the upload was announced as {upload.format}", "/program/format")])
        data = await self._blobs.get_upload(caller.owner, upload.id, upload.size)
        expected = {"bytes": upload.size, "sha256": upload.sha256}
        if data is None:
            raise UploadIncomplete(expected, None)
        actual = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if actual != expected:
            raise UploadIncomplete(expected, actual)
        return data

    async def _announced(self, caller: Caller, upload_id: str) -> Upload:
        upload = await self._records.upload(caller.owner, upload_id) if is_upload_id(upload_id) else None
        if upload is None:
            raise InvalidRequest([Fault("no such upload; POST /uploads makes one", "/program/uploadId")])
        return upload
