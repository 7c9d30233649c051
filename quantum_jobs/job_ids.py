"""Names of jobs, attempts and uploads: made so that they sort, repeat or cannot be guessed, as each needs."""

import base64
import hashlib
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

_PROVIDER_IDS = uuid.UUID("5f7a3c2e-8d0b-5e43-9a61-0c2b7d94e1f8")
_LAST_MILLISECOND = 2**48 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_JOB_ID = re.compile(r"job_[0-9a-v]{26}")
_UPLOAD_ID = re.compile(r"upl_[0-9a-v]{26}")
_SORTABLE = "0123456789abcdefghijklmnopqrstuv"


def is_job_id(text: str) -> bool:
    """Tell whether a text has the form of a job's id.

    Nothing else may become part of a name in a store: a key row, or a path with dots, is not a job.
    """
    return _JOB_ID.fullmatch(text) is not None


def is_upload_id(text: str) -> bool:
    """Tell whether a text has the form of an upload's id."""
    return _UPLOAD_ID.fullmatch(text) is not None


def new_upload_id() -> str:
    """Make an id that nobody can guess."""
    return f"upl_{sortable(secrets.token_bytes(17))[:26]}"


def hash_of_key(key: str) -> str:
    """What is stored of an Idempotency-Key: SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def new_job_id(owner: str, key: str, fingerprint: str, moment: datetime) -> str:
    """Make the id of a job: inverted time first, so that the store's own order is newest first.

    10 characters of time in milliseconds, then 16 of SHA-256(owner, key, fingerprint): 128 bits as in a ULID. The
    fingerprint keeps apart two bodies that race under one key: neither may overwrite the other's provider input.
    """
    return id_prefix(moment) + sortable(hashlib.sha256(f"{owner}\0{key}\0{fingerprint}".encode()).digest()[:10])


def id_prefix(moment: datetime) -> str:
    """How the ids of all jobs begin that were made in this millisecond; later ones sort before it."""
    # Not by timestamp(): as a float it may fall into the millisecond before the one that is written out.
    milliseconds = min(max((moment - _EPOCH) // timedelta(milliseconds=1), 0), _LAST_MILLISECOND)
    inverted = (_LAST_MILLISECOND - milliseconds) << 2  # 48 bits fill ten characters of five bits but for two
    return "job_" + "".join(_SORTABLE[inverted >> shift & 31] for shift in range(45, -1, -5))


def provider_job_id(job_id: str, attempt: int) -> str:
    """The id the workspace knows an attempt by: the same again for the same attempt, so a repeated PUT is one job."""
    return str(uuid.uuid5(_PROVIDER_IDS, f"{job_id}/{attempt}"))


def sortable(data: bytes) -> str:
    """Lower-case base32hex without padding: sorts as the bytes do; 5 bytes become 8 characters."""
    return base64.b32hexencode(data).decode().rstrip("=").lower()
