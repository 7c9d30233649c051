"""Jobs, keys, accounts and uploads as rows of the job table, and back.

Rows of an owner's partition: `job_<id>` the record; `key:<hash>` which job an Idempotency-Key made, with what was
submitted; `reuse:<hash>` the last job of equal content; `usage:<month>` the account, `usage:allowance` the owner's own
bounds; `upload:<id>` what was announced. In the partition `pointers`: job id -> owner, for operators; in `waits`:
target -> how long jobs have waited before it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from quantum_jobs.budgets import Account, Allowance
from quantum_jobs.clock import parse_timestamp
from quantum_jobs.job_ids import id_prefix
from quantum_jobs.models import Job, JobQuery, WaitSamples
from quantum_jobs.submissions import ProgramSource, Submission, Upload

type Row = dict[str, Any]

POINTERS = "pointers"
WAITS = "waits"
ALLOWANCE_ROW = "usage:allowance"
_ERASED = "deleted"
_AFTER_ALL_IDS = "job_~"


@cache
def _records() -> TypeAdapter[Job]:
    # Members that an older or newer release of the service knows and this one does not are left out.
    return TypeAdapter(Job)


def record_row(job: Job) -> Row:
    """Write a record; state, target and tags stand beside the document so that lists can filter on them."""
    row = {
        "PartitionKey": job.owner,
        "RowKey": job.id,
        "State": _ERASED if job.deleted_at else job.state.value,
        "Target": job.target,
        "Revision": job.revision,
        "Document": _records().dump_json(job, exclude_defaults=True).decode(),
    }
    return row | {tag_property(name): value for name, value in job.tags.items()}


def job_of(row: Mapping[str, Any]) -> Job:
    """Read a record."""
    return _records().validate_json(row["Document"])


def tag_property(name: str) -> str:
    """The property that holds a tag: letters and digits stay, others become `_xx`; a property's name takes no more."""
    return "Tag" + "".join(char if char.isalnum() else f"_{ord(char):02x}" for char in name)


def key_row(job: Job, submission: Submission) -> Row:
    """Write what was submitted.

    Binary, because a string property takes 32 Ki characters, which a program of 64 KiB is over.
    """
    program = submission.program
    row: Row = {
        "PartitionKey": job.owner,
        "RowKey": key_name(job.key_hash),
        "JobId": job.id,
        "Format": program.format,
        "Source": program.source.encode(),
    }
    if program.upload_id:
        row["UploadId"] = program.upload_id
    if submission.parameter_sets:
        row["Parameters"] = json.dumps(submission.parameter_sets, separators=(",", ":")).encode()
    if submission.provider_options:
        row["Options"] = json.dumps(submission.provider_options, separators=(",", ":")).encode()
    return row


def submission_of(row: Mapping[str, Any]) -> Submission | None:
    """Read what was submitted; None when it was erased."""
    if "Source" not in row:
        return None
    program = ProgramSource(row["Format"], bytes(row["Source"]).decode(), row.get("UploadId"))
    sets = json.loads(bytes(row["Parameters"])) if "Parameters" in row else []
    options = json.loads(bytes(row["Options"])) if "Options" in row else {}
    return Submission(program, tuple(sets), options)


def erased_key_row(job: Job) -> Row:
    """What is left of a key row when its job is deleted: that the key is used."""
    return {"PartitionKey": job.owner, "RowKey": key_name(job.key_hash), "JobId": job.id}


def key_name(key_hash: str) -> str:
    """The row of an Idempotency-Key."""
    return f"key:{key_hash}"


def reuse_row(job: Job) -> Row:
    """Write which job is the last of its content."""
    return {"PartitionKey": job.owner, "RowKey": f"reuse:{job.reuse_hash}", "JobId": job.id}


def pointer_row(job: Job) -> Row:
    """Write whose a job is."""
    return {"PartitionKey": POINTERS, "RowKey": job.id, "Owner": job.owner}


def account_row(owner: str, account: Account) -> Row:
    """Write an owner's month."""
    sums = json.dumps({"used": account.used, "held": account.held}, separators=(",", ":"))
    return {"PartitionKey": owner, "RowKey": account_name(account.month), "Document": sums}


def account_of(row: Mapping[str, Any], etag: str) -> Account:
    """Read an owner's month."""
    return Account(row["RowKey"].removeprefix("usage:"), **json.loads(row["Document"]), etag=etag)


def account_name(month: str) -> str:
    """The row of a month's account."""
    return f"usage:{month}"


def allowance_of(row: Mapping[str, Any]) -> Allowance:
    """Read an owner's own bounds: `{"total": millionths or null, "targets": {id: millionths}}`."""
    return Allowance(**json.loads(row["Document"]))


def wait_row(target: str, samples: WaitSamples) -> Row:
    """Write how long jobs have waited before a target."""
    return {"PartitionKey": WAITS, "RowKey": target, "Document": json.dumps(samples.seconds, separators=(",", ":"))}


def waits_of(row: Mapping[str, Any], etag: str) -> WaitSamples:
    """Read how long jobs have waited before a target."""
    return WaitSamples(tuple(json.loads(row["Document"])), etag)


def upload_row(owner: str, upload: Upload) -> Row:
    """Write what was announced."""
    return {"PartitionKey": owner, "RowKey": upload_name(upload.id), "Document": json.dumps(asdict(upload))}


def upload_of(row: Mapping[str, Any]) -> Upload:
    """Read what was announced."""
    return Upload(**json.loads(row["Document"]))


def upload_name(upload_id: str) -> str:
    """The row of an upload."""
    return f"upload:{upload_id}"


def list_filter(owner: str, query: JobQuery) -> tuple[str, dict[str, Any]]:
    """Give the table's filter for a list, and the values in it: a range of one partition, never more."""
    values: dict[str, Any] = {"owner": owner, "first": query.start or "job_", "last": _AFTER_ALL_IDS}
    clauses = ["PartitionKey eq @owner", "RowKey ge @first", "RowKey lt @last"]
    # Ids begin with the inverted time: what is newer sorts before.
    if query.created_after:
        clauses.append("RowKey lt @newer")
        values["newer"] = id_prefix(parse_timestamp(query.created_after))
    if query.created_before:
        clauses.append("RowKey gt @older")
        values["older"] = id_prefix(parse_timestamp(query.created_before)) + "~"
    states = {f"state{place}": state.value for place, state in enumerate(query.states)}
    # The package takes a parameter to end at a space: no bracket may touch it.
    clauses.append(f"({' or '.join(f'State eq @{name}' for name in states)} )" if states else "State ne @erased")
    values |= states or {"erased": _ERASED}
    if query.target:
        clauses.append("Target eq @target")
        values["target"] = query.target
    for place, (name, value) in enumerate(query.tags.items()):
        clauses.append(f"{tag_property(name)} eq @tag{place}")
        values[f"tag{place}"] = value
    return " and ".join(clauses), values
