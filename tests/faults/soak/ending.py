"""The end of a soak: all that was accepted comes to its end, and is held against what was promised."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise

import httpx

from local.environment import UNWANTED
from quantum_jobs.job_ids import provider_job_id
from quantum_jobs.models import JobState
from tests.cloud import REPOSITORY

SETTLED_SECONDS = 900
PATIENT_SECONDS, SAFETY_SECONDS = 180, 5
# What was prepared for a job that never came to be goes when its message gives the record up: after ten minutes.
CLEARED_LATE, CLEARED_SECONDS = {"orphaned-container", "orphaned-result", "orphaned-program"}, 720
VALUES = json.loads((REPOSITORY / "local.settings.json.example").read_text())["Values"]


def settle(service, ledger):
    """Repeat what was never answered, wait until every job is done; give documents by job id, None where it is gone."""
    deadline, documents = time.monotonic() + SETTLED_SECONDS, {}
    for owner in sorted({promise.owner for promise in ledger.promises.values()}):
        headers = {"Authorization": f"Bearer {service.token(owner)}"}
        options = {"headers": headers, "timeout": 30, "trust_env": False}
        with httpx.Client(base_url=service.environment["QUANTUM_JOBS_URL"], **options) as api:
            own = [promise for promise in ledger.promises.values() if promise.owner == owner]
            for promise in own:
                if not promise.job_id:
                    _repeat(api, promise, ledger, deadline)
            documents |= {promise.job_id: _done(api, promise, ledger, deadline) for promise in own}
    return documents


def _repeat(api, promise, ledger, deadline):
    while time.monotonic() < deadline:
        answer = api.post("/jobs", json=promise.body, headers={"Idempotency-Key": promise.key})
        if answer.status_code == 202:
            ledger.accepted(promise, answer.json()["id"])
            return
        time.sleep(0.5)
    ledger.blame(f"{promise.key} of {promise.owner} is never accepted: {answer.status_code} {answer.text[:200]}")


def _done(api, promise, ledger, deadline):
    while promise.job_id and time.monotonic() < deadline:
        answer = api.get(f"/jobs/{promise.job_id}")
        if answer.status_code == 200 and answer.json()["done"]:
            return answer.json()
        if answer.status_code == 404 and promise.deleted:
            return None
        if answer.status_code == 404:
            ledger.blame(f"{promise.job_id} of {promise.owner} is lost")
            return None
        time.sleep(0.2)
    ledger.blame(f"{promise.job_id or promise.key} of {promise.owner} has not ended")
    return None


def broken(service, ledger, documents):
    """Name every promise that was not kept."""
    yield from ledger.wrong
    by_id = Counter(promise.job_id for promise in ledger.promises.values())
    yield from (f"{job_id} was made by {count} keys" for job_id, count in by_id.items() if count > 1)
    for job_id, document in documents.items():
        if document is not None:
            yield from (f"{job_id}: {words}" for words in of_document(document))
    yield from of_runs(service.workspace_jobs(), documents)
    yield from doctor(service)


def of_document(document):
    """Name what is wrong with a job that has ended."""
    states = [JobState(entry["state"]) for entry in document["history"]]
    for one, other in pairwise(states):
        if not one.may_become(other):
            yield f"went from {one} to {other}"
    if states[0] != JobState.ACCEPTED or states[-1] != document["state"] or not states[-1].done:
        yield f"its history is {', '.join(states)} and its state {document['state']}"
    moments = [entry["at"] for entry in document["history"]]
    if moments != sorted(moments):
        yield f"its history goes back in time: {moments}"


def of_runs(runs, documents):
    """Hold the runs that the workspace counted against the attempts that records tell."""
    due, allowed = set(), set()
    for job_id, document in documents.items():
        # What was deleted tells no attempts any more; it had as many as any job may have.
        attempts = [attempt["number"] for attempt in document["attempts"]] if document else range(1, 10)
        allowed |= {provider_job_id(job_id, number) for number in attempts}
        if document and document["state"] == JobState.SUCCEEDED:
            due.add(provider_job_id(job_id, attempts[-1]))
    counted = Counter(runs)
    yield from (f"run {run} is there {count} times" for run, count in counted.items() if count > 1)
    yield from (f"run {run} is of no attempt of any job" for run in sorted(set(counted) - allowed))
    yield from (f"run {run} succeeded and is not there" for run in sorted(due - set(counted)))


def doctor(service):
    """Name what the doctor finds: it looks again for a while, because erasures go on after the last answer."""
    began = time.monotonic()
    while found := [*_findings(service, SAFETY_SECONDS, but=CLEARED_LATE), *_findings(service, CLEARED_SECONDS)]:
        # A job that was cancelled before it was sent is settled eight minutes later: until then it may still appear.
        unsettled = all(isinstance(finding, dict) and finding["kind"] == "job-unsettled" for finding in found)
        if time.monotonic() - began > (CLEARED_SECONDS if unsettled else PATIENT_SECONDS):
            break
        time.sleep(SAFETY_SECONDS + 1)
    yield from (f"the doctor finds: {finding}" for finding in found)


def _findings(service, safety_seconds, but=()):
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    command = [sys.executable, "-m", "quantum_jobs", "doctor", "--json", "--safety-age", str(safety_seconds)]
    looked = subprocess.run(
        command, env=environment | service.environment | VALUES, cwd=REPOSITORY, capture_output=True, text=True
    )
    if looked.returncode not in (0, 1):
        return [f"it could not look: {looked.stderr[-500:]}"]
    return [finding for finding in json.loads(looked.stdout)["findings"] if finding["kind"] not in but]
