"""Speed of the local quantum workspace itself, over HTTP, without the azure-quantum package."""

import http.client
import itertools
import json
import os
import re
import socket
import ssl
import statistics
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import uvicorn

from bench.clients import SHOTS, SLOW_TARGET, TARGET
from bench.rows import Row

VERSION = {"api-version": "2026-01-15-preview"}
STORED = 100_000
# Scaled by the workspace: 5 to 15 s.
QUEUE_SECONDS = 10_000
FILTERS = (
    "",
    "State eq 'Succeeded'",
    "State eq 'Executing'",
    "startswith(Name, 'job 9')",
    "startswith(Name, 'none')",
    "(Target eq 'ionq.simulator' or Target eq 'rigetti.sim.qvm') and State eq 'Failed'",
    "ProviderId eq 'ionq' and Target eq 'rigetti.sim.qvm'",
    "CreationTime ge 2024-01-01 and CreationTime le 2024-01-02",
    "CreationTime ge 2100-01-01",
    "JobType eq 'none'",
    "ItemType eq 'Session'",
)
ORDERS = ("", "CreationTime desc", "Name asc", "State desc", "Target asc")


def rows(qir: str, jobs: int = 1000, rounds: int = 40) -> Iterator[Row]:
    """All that the workspace has bars for; `qir` is a Bell program."""
    yield from bell(qir, rounds)
    yield from acceptance(qir, jobs)
    yield from stored()


def _parts() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=([^;]+)", os.environ["AZURE_QUANTUM_CONNECTION_STRING"]))


def _options() -> dict[str, Any]:
    """How to reach the workspace of the cloud that this runs in."""
    parts = _parts()
    path = (
        f"subscriptions/{parts['SubscriptionId']}/resourceGroups/{parts['ResourceGroupName']}"
        f"/providers/Microsoft.Quantum/workspaces/{parts['WorkspaceName']}"
    )
    return {
        "base_url": parts["QuantumEndpoint"] + path,
        "headers": {"x-ms-quantum-api-key": parts["ApiKey"]},
        "params": VERSION,
        "verify": ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"]),
        "proxy": os.environ["HTTPS_PROXY"],
        "timeout": 60,
    }


def _definition(client: httpx.Client, qir: str, shots: int) -> dict[str, Any]:
    """A job whose program is uploaded: what is measured begins at the PUT."""
    answer = client.post("/storage/sasUri", json={"containerName": f"bench-{uuid.uuid4()}"})
    container = answer.raise_for_status().json()["sasUri"]
    base, _, signature = container.partition("?")
    blob = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02"}
    tls = ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"])
    httpx.put(f"{base}/inputData?{signature}", content=qir, headers=blob, verify=tls).raise_for_status()
    return {
        "name": "bench",
        "containerUri": container,
        "inputDataUri": f"{base}/inputData",
        "inputDataFormat": "qir.v1",
        "outputDataFormat": "microsoft.quantum-results.v2",
        "providerId": "rigetti",
        "target": TARGET,
        "inputParams": {"shots": shots},
    }


def bell(qir: str, rounds: int) -> Iterator[Row]:
    """From the PUT to the first GET that says Succeeded."""
    with httpx.Client(**_options()) as client:
        body = _definition(client, qir, 1000)
        times = []
        for _ in range(rounds + 3):
            path, started = f"/jobs/{uuid.uuid4()}", time.perf_counter()
            client.put(path, json=body).raise_for_status()
            while (status := client.get(path).json()["status"]) not in {"Succeeded", "Failed"}:
                pass
            if status == "Failed":
                raise RuntimeError(f"{path} failed")
            times.append(time.perf_counter() - started)
        seconds = statistics.median(times[3:])
        yield Row("workspace: Bell PUT to Succeeded p50", f"{seconds * 1000:.0f} ms", "100 ms", seconds <= 0.1)


def acceptance(qir: str, jobs: int) -> Iterator[Row]:
    """Jobs per second that are answered 200: while those before them run, and held back until all are in."""
    with httpx.Client(**_options()) as client:
        body = _definition(client, qir, SHOTS)
        accepted, ended = _burst(client, body, jobs)
        ran = f"{ended} of {jobs} had ended meanwhile"
        yield Row("workspace: jobs accepted while others run", f"{accepted:.0f}/s", "200/s", accepted >= 200, ran)
        control = f"{os.environ['LOCAL_CONTROL_URL']}/control/script"
        slow = {"targets": {SLOW_TARGET: {"queue_seconds": QUEUE_SECONDS, "execution_seconds": 0, "capacity": 8}}}
        httpx.put(control, json=slow, trust_env=False).raise_for_status()
        accepted, ended = _burst(client, body | {"providerId": "quantinuum", "target": SLOW_TARGET}, jobs)
        ran = f"{ended} of {jobs} had ended meanwhile"
        yield Row("workspace: jobs accepted before one runs", f"{accepted:.0f}/s", "200/s", accepted >= 200, ran)
        httpx.put(control, json={}, trust_env=False).raise_for_status()


def _burst(client: httpx.Client, body: Mapping[str, Any], jobs: int) -> tuple[float, int]:
    """Give the rate and how many had ended when all were in; then wait until all have succeeded."""
    name, started = f"burst {uuid.uuid4()}", time.perf_counter()
    _put_all({**body, "name": name}, jobs)
    accepted = jobs / (time.perf_counter() - started)
    ended = _succeeded(client, name)
    while _succeeded(client, name) < jobs:
        time.sleep(0.1)
    return accepted, ended


def _succeeded(client: httpx.Client, name: str) -> int:
    """Count the jobs of this name that have succeeded."""
    query = {"filter": f"startswith(Name, '{name}') and State eq 'Succeeded'", "top": "1000"}
    count = 0
    for skip in itertools.count(0, 1000):
        answer = client.get("/jobs", params=VERSION | query | {"skip": str(skip)}).raise_for_status().json()
        count += len(answer["value"])
        if answer["nextLink"] is None:
            break
    return count


def _put_all(body: Mapping[str, Any], jobs: int, clients: int = 8) -> None:
    """Put jobs from several threads.

    By http.client: httpx takes 4 ms of processor time per request, more than the workspace, on the same cores.
    """
    numbers, options = iter(range(jobs)), _options()
    workspace, proxy = urlsplit(options["base_url"]), urlsplit(options["proxy"])
    content, lock = json.dumps(body), threading.Lock()

    def one() -> None:
        connection = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, context=options["verify"])
        connection.set_tunnel(str(workspace.hostname), 443)
        while True:
            with lock:
                if next(numbers, None) is None:
                    break
            path = f"{workspace.path}/jobs/{uuid.uuid4()}?{urlencode(VERSION)}"
            connection.request("PUT", path, content, options["headers"])
            answer = connection.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {answer.read()!r}")
            answer.read()
        connection.close()

    with ThreadPoolExecutor(clients) as threads:
        for done in [threads.submit(one) for _ in range(clients)]:
            done.result()


def stored(count: int = STORED) -> Iterator[Row]:
    """Lists and reads beside so many jobs, in a workspace of this process behind a server."""
    with _filled(count) as (url, key, job_id):
        client = httpx.Client(base_url=url, headers={"x-ms-quantum-api-key": key}, trust_env=False, timeout=60)
        with client:
            times = {
                (expression, order): _median(client, "/jobs", filter=expression, orderby=order, top="100", skip="0")
                for expression in FILTERS
                for order in ORDERS
            }
            (slowest, order), seconds = max(times.items(), key=lambda entry: entry[1])
            beside = f"slowest of {len(times)}: {slowest or 'no filter'} by {order or 'default'}"
            name = f"workspace: list 100 of {count:,} p50"
            yield Row(name, f"{seconds * 1000:.0f} ms", "50 ms", seconds <= 0.05, beside)
            seconds = _median(client, f"/jobs/{job_id}")
            yield Row("workspace: GET job p50", f"{seconds * 1000:.1f} ms", "5 ms", seconds <= 0.005)


def _median(client: httpx.Client, path: str, **query: str) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        client.get(path, params=VERSION | query).raise_for_status()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


@contextmanager
def _filled(count: int) -> Iterator[tuple[str, str, str]]:
    """Serve a workspace that holds jobs; gives its URL, its key and the id of a job."""
    from local.azure_quantum import StorageAccount, Workspace, application
    from local.issuer import Issuer
    from local.state import State

    account = StorageAccount("bench", "a2V5", "http://127.0.0.1:1")
    workspace = Workspace(issuer=Issuer.of(State()), storage=account, api_keys=["bench"])
    jobs = [_job(number) for number in range(count)]
    for job in jobs:
        workspace.jobs.restore(job)
    workspace.items.restore(jobs)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application(workspace), log_level="warning", loop="uvloop", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{workspace.resource_id}"
        yield url, "bench", jobs[count // 2].id
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _job(number: int) -> Any:
    from local.azure_quantum.authentication import Caller
    from local.azure_quantum.models import Job, JobRequest
    from local.azure_quantum.times import PER_SECOND

    target = ("ionq.simulator", TARGET, "quantinuum.qpu.h2-1")[number % 3]
    body = {"name": f"job {number * 7919 % STORED}", "providerId": target.partition(".")[0], "target": target}
    request = JobRequest.model_validate(body | {"containerUri": "c", "inputDataFormat": "qir.v1", "metadata": {"n": 1}})
    created = 1_700_000_000 * PER_SECOND + number * 600 * PER_SECOND
    status = ("Succeeded", "Succeeded", "Succeeded", "Waiting", "Failed")[number % 5]
    job = Job(str(uuid.uuid4()), request, Caller("k", "Key"), "c", created, status=status)  # type: ignore[arg-type]
    job.position = number + 1
    return job
