"""Fills the job table of a running local cloud with finished jobs of many owners, as the service itself writes them."""

import argparse
import base64
import http.client
import json
import os
import ssl
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.clients import BELL, SHOTS, TARGET, claims_of
from quantum_jobs import rows
from quantum_jobs.clock import timestamp
from quantum_jobs.job_ids import hash_of_key, new_job_id, provider_job_id
from quantum_jobs.models import Attempt, Caller, HistoryEntry, Job, JobState, Register
from quantum_jobs.submissions import ProgramSource, Submission
from quantum_jobs.tables import TABLE

BATCH = 100  # what one entity-group transaction takes
JOBS_OF_THE_CALLER = 10_000
_JOBS_OF_AN_OWNER = 200
_NEWEST = datetime(2026, 1, 1, tzinfo=UTC)
_SUBMISSION = Submission(ProgramSource("openqasm3", BELL))
_HEADERS = {"x-ms-version": "2019-02-02", "DataServiceVersion": "3.0", "Accept": "application/json;odata=nometadata"}
_CHANGE = """\
--{boundary}\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
POST {url} HTTP/1.1\r
Content-Type: application/json\r
Accept: application/json;odata=nometadata\r
Prefer: return-no-content\r
DataServiceVersion: 3.0\r
\r
"""
type Progress = Callable[[int], None]


class Table:
    """The job table over one kept-alive connection; the SDK takes a second of processor time per hundred rows."""

    def __init__(self) -> None:
        self._host = host()
        proxy = urlsplit(os.environ["HTTPS_PROXY"])
        tls = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        self._http = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, context=tls, timeout=600)
        self._http.set_tunnel(self._host, 443)
        self._token, self._good_until = "", 0.0

    def insert(self, entities: Sequence[rows.Row]) -> None:
        """Insert up to a hundred rows of one partition in one transaction."""
        batch, changes = f"batch_{uuid.uuid4()}", f"changeset_{uuid.uuid4()}"
        before = _CHANGE.format(boundary=changes, url=f"https://{self._host}/{TABLE}")
        parts = "".join(f"{before}{json.dumps(_entity(row))}\r\n" for row in entities)
        head = f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n"
        body = f"{head}{parts}--{changes}--\r\n--{batch}--\r\n"
        answer = self.request("POST", "/$batch", body, {"Content-Type": f"multipart/mixed; boundary={batch}"})
        if answer.count(b"HTTP/1.1 204") != len(entities):
            raise RuntimeError(f"the table refused a row: {answer[:2000]!r}")

    def close(self) -> None:
        self._http.close()

    def create(self) -> None:
        """Make the table, if there is none yet."""
        body = json.dumps({"TableName": TABLE})
        self.request("POST", "/Tables", body, {"Content-Type": "application/json"}, expected=(201, 409))

    def request(
        self,
        method: str,
        path: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        expected: Sequence[int] = (200, 202),
    ) -> bytes:
        """Send one request with a fresh enough token."""
        if time.monotonic() > self._good_until:
            self._token, self._good_until = _token(), time.monotonic() + 600
        sent = {**_HEADERS, "Authorization": f"Bearer {self._token}", **(headers or {})}
        self._http.request(method, path, body.encode(), sent)
        answer = self._http.getresponse()
        data = answer.read()
        if answer.status not in expected:
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:2000]!r}")
        return data


def host() -> str:
    """The name of the account's table service."""
    settings = json.loads(Path("local.settings.json.example").read_text())["Values"]
    return f"{settings['STORAGE_ACCOUNT_NAME']}.table.core.windows.net"


def _token() -> str:
    endpoint = urlsplit(os.environ["IDENTITY_ENDPOINT"])
    plain = http.client.HTTPConnection(str(endpoint.hostname), endpoint.port)
    path = f"{endpoint.path}?api-version=2019-08-01&resource=https://storage.azure.com/"
    plain.request("GET", path, headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]})
    token: str = json.loads(plain.getresponse().read())["access_token"]
    plain.close()
    return token


def _entity(row: rows.Row) -> dict[str, Any]:
    entity: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            entity[f"{name}@odata.type"] = "Edm.Binary"
            value = base64.b64encode(value).decode()
        entity[name] = value
    return entity


def caller_of_the_bench() -> str:
    """The partition of the caller whose token the local cloud gives to its commands."""
    claims = claims_of(os.environ["QUANTUM_JOBS_TOKEN"])
    return Caller(claims["tid"], claims["oid"], "", frozenset()).owner


def owners(jobs: int) -> Iterator[tuple[str, int]]:
    """Give owners and how many jobs each has, in the order of their partitions; the caller has ten thousand."""
    caller, mine = caller_of_the_bench(), min(jobs, JOBS_OF_THE_CALLER)
    others = [f"{number:05d}" for number in range((jobs - mine) // _JOBS_OF_AN_OWNER)]
    made = [(Caller("tenant", name, "", frozenset()).owner, _JOBS_OF_AN_OWNER) for name in others]
    yield from sorted([(caller, mine), *made])


def fill(jobs: int, progress: Progress = lambda count: None, start: int = 0) -> float:
    """Insert finished jobs until there are so many: record, key row with the program, pointer; give the seconds.

    The caller has `start` of them already.
    """
    started, made = time.perf_counter(), start
    with closing(Table()) as table:
        table.create()
        for owner, count in owners(jobs):
            first = start if owner == caller_of_the_bench() else 0
            _insert(table, [finished_job(owner, number) for number in range(first, count)])
            made += count - first
            progress(made)
    return time.perf_counter() - started


def _insert(table: Table, jobs: Sequence[Job]) -> None:
    of_owner = [*map(rows.record_row, jobs), *(rows.key_row(job, _SUBMISSION) for job in jobs)]
    for kind in (of_owner, [rows.pointer_row(job) for job in jobs]):
        for entities in batched(kind, BATCH, strict=False):
            table.insert(entities)


def finished_job(owner: str, number: int) -> Job:
    """Make the record of an owner's job as it is when it has succeeded; the first is the newest."""
    moment = _NEWEST - timedelta(minutes=number)
    created, ended = timestamp(moment), timestamp(moment + timedelta(seconds=4))
    key = f"stored {number}"
    job_id = new_job_id(owner, key, key, moment)
    return Job(
        id=job_id,
        owner=owner,
        created_at=created,
        created_by="app:stored",
        target=TARGET,
        provider="rigetti",
        shots=SHOTS,
        registers=(Register("c", 2),),
        fingerprint=hash_of_key(key),
        key_hash=hash_of_key(key),
        program_format="openqasm3",
        name=f"job {number}",
        tags={"team": ("routing", "finance", "chemistry")[number % 3]},
        state=JobState.SUCCEEDED,
        revision=3,
        sequence=2,
        attempts=(Attempt(1, provider_job_id(job_id, 1), JobState.SUCCEEDED, created, ended),),
        history=(
            HistoryEntry(JobState.ACCEPTED, created),
            HistoryEntry(JobState.RUNNING, created),
            HistoryEntry(JobState.SUCCEEDED, ended),
        ),
        expected_wait_seconds=3,
        completed_at=ended,
    )


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m local run -- python -m bench.fill", description=__doc__)
    words.add_argument("--jobs", type=int, default=1_000_000, help="jobs in all (default: %(default)s)")
    chosen = words.parse_args()
    started = time.perf_counter()

    def progress(made: int) -> None:
        rate = made / (time.perf_counter() - started)
        sys.stderr.write(f"\r{made:,} of {chosen.jobs:,} jobs, {rate:.0f}/s ")

    print(f"\nfilled in {fill(chosen.jobs, progress):.0f} s")


if __name__ == "__main__":
    main()
