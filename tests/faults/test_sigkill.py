"""The Functions host is killed (SIGKILL) while jobs are submitted and followed; stores and workspace stay."""

import itertools
import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.certificates import prepare
from local.state import State
from quantum_jobs.job_ids import provider_job_id
from tests.cloud import start_cloud
from tests.conftest import Service
from tests.receiving import Server, answers

KILLS = 10
CALLERS = 6
SEED = int(os.environ.get("SIGKILL_SEED", "1"))
PAID, FREE = "quantinuum.qpu.h2-1", "rigetti.sim.qvm"
DONE_SECONDS = 800  # a message that a killed host had taken comes back after ten minutes


class Killer(threading.Thread):
    """Kills the host so many times, each time in the midst of work: after one to eight more jobs were accepted."""

    def __init__(self, control, chance, accepted):
        super().__init__(daemon=True)
        self._url, self._chance, self._accepted = f"{control}/control/restart/functions", chance, accepted
        self.kills = 0

    def run(self):
        while self.kills < KILLS:
            wanted = len(self._accepted) + self._chance.randint(1, 8)
            while len(self._accepted) < wanted:
                time.sleep(0.005)
            time.sleep(self._chance.uniform(0, 0.1))
            httpx.post(self._url, trust_env=False, timeout=60).raise_for_status()
            self.kills += 1


def persistent(ask, until):
    """Ask again, whatever went wrong, until the answer is one that is wanted."""
    deadline = time.monotonic() + DONE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = ask()
        except httpx.TransportError:
            answer = None
        if answer is not None and until(answer):
            return answer
        assert answer is None or answer.status_code < 400 or answer.status_code in (429, 500, 502, 503, 504), (
            answer.text
        )
        time.sleep(0.05)
    raise AssertionError("no such answer")


def submitted(api, number):
    """Submit under a key of the number's own; give the answer."""
    body = {
        "target": PAID if number % 20 == 0 else FREE,
        "shots": 20,
        "program": {"format": "openqasm3", "source": "OPENQASM 3.0;\nqubit q;\nbit c;\nc = measure q;\n"},
    }
    headers = {"Idempotency-Key": f"k{number}"}
    return persistent(lambda: api.post("/jobs", json=body, headers=headers), lambda answer: answer.status_code == 202)


def told(receiver, jobs):
    """Give all events once those of so many jobs have come."""
    deadline = time.monotonic() + DONE_SECONDS
    while True:
        events = [json.loads(body) for head, body in list(receiver.requests) if head.startswith(b"POST")]
        if len({event["subject"] for event in events}) >= jobs:
            return events
        assert time.monotonic() < deadline, f"{jobs} jobs ended, and {len(events)} events came"
        time.sleep(0.1)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_nothing_is_lost_or_doubled_while_the_host_is_killed_again_and_again(tmp_path):
    chance = random.Random(SEED)
    state = State(tmp_path)
    with start_cloud("--no-limits", "--state", str(tmp_path)) as cloud:
        service = Service(cloud.environment, state)
        headers = {"Authorization": f"Bearer {service.token('demo')}"}
        # Not the checked client: what the gateway says of a host that is gone is not the service's own answer.
        options = {"headers": headers, "timeout": 30, "trust_env": False}
        receiver = Server(prepare(state).server_context(), answers("HTTP/1.1 200 OK\nWebHook-Allowed-Origin: *"))
        with httpx.Client(base_url=cloud.environment["QUANTUM_JOBS_URL"], **options) as api:
            wish = {"url": f"https://localhost:{receiver.port}/", "events": ["job.succeeded", "job.failed"]}
            assert api.post("/webhooks", json=wish).json()["state"] == "active"
            ids, numbers = {}, itertools.count()
            killer = Killer(cloud.environment["LOCAL_CONTROL_URL"], chance, ids)
            killer.start()

            def submit_until_the_last_kill():
                while killer.is_alive():
                    number = next(numbers)
                    ids[number] = submitted(api, number).json()["id"]

            with ThreadPoolExecutor(CALLERS) as pool:
                for work in [pool.submit(submit_until_the_last_kill) for _ in range(CALLERS)]:
                    work.result()
            killer.join()
            ids = [ids[number] for number in range(len(ids))]
            repeated = [submitted(api, number).json()["id"] for number in range(len(ids))]
            jobs = [
                persistent(lambda name=name: api.get(f"/jobs/{name}"), lambda it: it.is_success and it.json()["done"])
                for name in ids
            ]
            month = api.get("/usage").raise_for_status().json()["value"][0]
            runs = service.workspace_jobs()
            events = told(receiver, len(ids))
            receiver.close()
    assert killer.kills == KILLS
    assert repeated == ids
    assert len(set(ids)) == len(ids) > KILLS
    assert Counter(answer.json()["state"] for answer in jobs) == {"succeeded": len(ids)}
    assert sorted(runs) == sorted(provider_job_id(name, 1) for name in ids)
    assert (month["held"], month["used"] > "0.00") == ("0.00", True)
    assert {event["subject"] for event in events} == {f"jobs/{name}" for name in ids}
    assert len({event["id"] for event in events}) == len(ids), "a double under another id"
    doubles = len(events) - len(ids)
    print(f"\n{KILLS} kills, {len(ids)} jobs, {len(runs)} runs: 0 lost, 0 doubled; {doubles} events came twice")
