"""The receiver of the local cloud, as a program of its own."""

import base64
import json
import ssl
import subprocess
import sys
import time

import httpx
import pytest

from local.certificates import prepare
from local.state import State
from local.webhooks import verified
from quantum_jobs import signatures
from tests.cloud import REPOSITORY

SECRET = "whsec_" + "a2" * 21 + "a="
EVENT = {"type": "job.succeeded", "subject": "jobs/job_1"}


@pytest.fixture
def start(tmp_path):
    """Starts the receiver; gives a client of it and what it prints."""
    running = []

    def run(*arguments):
        command = [sys.executable, "-m", "local", "webhooks", "--state", str(tmp_path), *arguments]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        running.append(process)
        ready, url = process.stdout.readline().split()
        assert ready == "ready"
        trusted = ssl.create_default_context(cafile=prepare(State(tmp_path)).authority)
        client = httpx.Client(base_url=url, verify=trusted, trust_env=False)
        running.append(client)
        return client, process

    yield run
    for one in running:
        if isinstance(one, httpx.Client):
            one.close()
        else:
            one.terminate()
            assert one.wait(20) == 0
            one.stdout.close()


def signed(secret, name="id", seconds=None):
    body = json.dumps(EVENT).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return body, dict(signatures.headers(name, seconds or int(time.time()), body, [key]))


def test_it_agrees_to_whoever_asks_and_says_so(start):
    client, process = start()
    answer = client.request("OPTIONS", "/hooks", headers={"WebHook-Request-Origin": "api.example"})
    assert (answer.status_code, answer.headers["WebHook-Allowed-Origin"]) == (200, "api.example")
    assert process.stdout.readline() == "handshake api.example\n"


def test_it_prints_a_line_for_each_event_with_whether_it_is_verified_and_has_come_before(start, tmp_path):
    secret = tmp_path / "secret.txt"
    client, process = start("--secret-file", str(secret))
    body, headers = signed(SECRET)
    seen = [client.post("/", content=body, headers=headers).status_code]
    secret.write_text(SECRET + "\n")
    again = (headers, headers, headers | {"webhook-id": "other"})
    seen += [client.post("/", content=body, headers=sent).status_code for sent in again]
    lines = [process.stdout.readline().removeprefix("job.succeeded jobs/job_1 ").strip() for _ in seen]
    assert lines == ["id unchecked", "id again verified", "id again verified", "other NOT VERIFIED"]
    assert seen == [204, 204, 204, 401]


def test_it_answers_what_it_is_told_to(start):
    client, _ = start("--status", "503")
    assert client.post("/", content=b"no JSON").status_code == 503


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_what_lacks_a_header_or_is_old_is_not_verified(change):
    body, headers = signed(SECRET)
    assert verified(headers, body, SECRET)
    assert not verified({name: value for name, value in headers.items() if name != change}, body, SECRET)
    assert not verified(headers | {change: "x"}, body, SECRET)
    body, old = signed(SECRET, seconds=int(time.time()) - 400)
    assert not verified(old, body, SECRET)
    assert not verified(headers, body, "whsec_no base64")
