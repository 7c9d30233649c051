"""Faults at the wire: what is asked for happens, to the requests named, and ends."""

import json
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient
from hypothesis import given
from hypothesis import strategies as st

from local.faults import Faults, FaultsWrong
from local.names import STORAGE_HOSTS
from local.storage_faults import cut, with_date_off
from tests.cloud import RunningCloud

NO_RETRY = {"retry_total": 0, "read_timeout": 1}


def put(cloud: RunningCloud, *faults: dict[str, Any], **document: Any) -> httpx.Response:
    url = cloud.environment["LOCAL_CONTROL_URL"] + "/control/faults"
    return httpx.put(url, json={"faults": list(faults)} | document, trust_env=False)


def happened(cloud: RunningCloud) -> list[int]:
    url = cloud.environment["LOCAL_CONTROL_URL"] + "/control/faults"
    return [entry["happened"] for entry in httpx.get(url, trust_env=False).json()["faults"]]


@pytest.fixture
def faulty_cloud(cloud: RunningCloud) -> Iterator[RunningCloud]:
    yield cloud
    put(cloud).raise_for_status()


@pytest.fixture
def blobs(faulty_cloud: RunningCloud) -> Iterator[BlobServiceClient]:
    url = f"https://{STORAGE_HOSTS['blob']}"
    with ManagedIdentityCredential() as identity, BlobServiceClient(url, identity, **NO_RETRY) as client:
        yield client


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"service": "disk", "do": "hang"}, "faults.0.service"),
        ({"service": "blob", "do": "explode"}, "faults.0.do"),
        ({"service": "blob", "do": "delay"}, "delay needs 'seconds'"),
        ({"service": "blob", "do": "delay", "seconds": -1}, "negative"),
        ({"service": "blob", "do": "hang", "seconds": 1}, "'seconds' is not for hang"),
        ({"service": "blob", "do": "status"}, "status needs 'status'"),
        ({"service": "blob", "do": "status", "status": 200}, "faults.0.status"),
        ({"service": "blob", "do": "garble"}, "garble needs 'as'"),
        ({"service": "blob", "do": "reset", "as": "html"}, "'as' is not for reset"),
        ({"service": "blob", "do": "hang", "path": "("}, "is not a regular expression"),
        ({"service": "blob", "do": "hang", "probability": 0}, "faults.0.probability"),
        ({"service": "blob", "do": "hang", "next": 0}, "faults.0.next"),
        ({"service": "blob", "do": "hang", "often": 3}, "faults.0.often"),
        ({"service": "key_vault", "do": "skew", "seconds": 5}, "skew is for blob, queue and table"),
    ],
)
def test_a_document_that_does_not_hold_is_refused_by_name_and_changes_nothing(
    fault: dict[str, Any], words: str
) -> None:
    faults = Faults()
    faults.follow({"faults": [{"service": "table", "do": "reset"}]})
    with pytest.raises(FaultsWrong) as refused:
        faults.follow({"faults": [fault]})
    assert words in str(refused.value)
    assert faults.of("table", "GET", "/") is not None


def test_over_the_wire_a_wrong_document_is_a_400(faulty_cloud: RunningCloud) -> None:
    answer = put(faulty_cloud, {"service": "disk", "do": "hang"})
    assert (answer.status_code, answer.text.startswith("The faults are not valid: faults.0.service:")) == (400, True)
    url = faulty_cloud.environment["LOCAL_CONTROL_URL"] + "/control/faults"
    answer = httpx.put(url, content=b"{nothing", trust_env=False)
    assert (answer.status_code, answer.text) == (400, "The document of faults is not JSON.")


@given(st.integers(0, 1000), st.floats(0.1, 0.9))
def test_the_same_seed_hits_the_same_requests(seed: int, probability: float) -> None:
    def run() -> list[bool]:
        faults = Faults()
        entry = {"service": "blob", "do": "hang", "probability": probability, "next": 5}
        faults.follow({"seed": seed, "faults": [entry]})
        return [faults.of("blob", "GET", "/") is not None for _ in range(100)]

    first = run()
    assert first == run()
    assert sum(first) == 5


def test_only_the_requests_that_match_are_hit() -> None:
    faults = Faults()
    faults.follow({"faults": [{"service": "blob", "method": "put", "path": r"^/job-\d+\?comp=block$", "do": "hang"}]})
    assert faults.of("blob", "PUT", "/job-1?comp=block")
    assert not faults.of("queue", "PUT", "/job-1?comp=block")
    assert not faults.of("blob", "GET", "/job-1?comp=block")
    assert not faults.of("blob", "PUT", "/job-1")


@given(st.binary(max_size=30), st.integers(-86_400, 86_400))
def test_bytes_are_cut_and_dated_without_touching_the_rest(body: bytes, seconds: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 10:00:00 GMT\r\nContent-Length: %d" % len(body)
    answer = head + b"\r\n\r\n" + body
    assert answer.startswith(cut(answer))
    assert len(cut(answer)) < len(answer)
    off = with_date_off(answer, seconds)
    assert len(off) == len(answer)
    assert (off == answer) == (seconds == 0)
    assert with_date_off(off, -seconds) == answer


def effect(blobs: BlobServiceClient, cloud: RunningCloud, name: str, fault: dict[str, Any]) -> tuple[bool, bool]:
    """Create a container under a fault; tells whether the call succeeded, and whether the container is there."""
    blobs.get_container_client(name).exists()  # fetches the token
    put(cloud, {"service": "blob", "method": "PUT", "next": 1} | fault).raise_for_status()
    try:
        blobs.create_container(name)
        succeeded = True
    except AzureError:
        succeeded = False
    assert happened(cloud) == [1]
    put(cloud)
    return succeeded, blobs.get_container_client(name).exists()


@pytest.mark.parametrize(
    ("fault", "succeeds", "has_effect"),
    [
        ({"do": "delay", "seconds": 0.1}, True, True),
        ({"do": "delay", "seconds": 0.1, "when": "after"}, True, True),
        ({"do": "hang"}, False, False),
        ({"do": "hang", "when": "after"}, False, True),
        ({"do": "reset"}, False, False),
        ({"do": "reset", "when": "after"}, False, True),
        ({"do": "status", "status": 503}, False, False),
        ({"do": "status", "status": 500, "when": "after"}, False, True),
        ({"do": "truncate"}, False, True),
        ({"do": "skew", "seconds": 900}, True, True),
    ],
)
def test_a_storage_fault_has_the_effect_it_names(
    blobs: BlobServiceClient,
    faulty_cloud: RunningCloud,
    fault: dict[str, Any],
    succeeds: bool,
    has_effect: bool,
) -> None:
    name = f"f{time.monotonic_ns()}"
    assert effect(blobs, faulty_cloud, name, fault) == (succeeds, has_effect)


def test_a_throttled_storage_request_says_when_to_come_back(faulty_cloud: RunningCloud) -> None:
    url = f"https://{STORAGE_HOSTS['queue']}"
    put(faulty_cloud, {"service": "queue", "do": "status", "status": 429, "retry_after": 7})
    with (
        ManagedIdentityCredential() as identity,
        QueueClient(url, "q", identity, **NO_RETRY) as queue,
        pytest.raises(AzureError) as throttled,
    ):
        queue.get_queue_properties()
    answer: Any = throttled.value
    assert (answer.status_code, answer.response.headers["Retry-After"]) == (429, "7")


def ask_vault(cloud: RunningCloud, timeout: float = 1.0) -> httpx.Response:
    context = ssl.create_default_context(cafile=cloud.environment["SSL_CERT_FILE"])
    proxy = cloud.environment["HTTPS_PROXY"]
    with httpx.Client(proxy=proxy, verify=context, trust_env=False, timeout=timeout) as client:
        return client.get("https://quantum-jobs-local.vault.azure.net/secrets/quantum-workspace?api-version=7.4")


def test_the_services_behind_the_web_server_fail_as_told(faulty_cloud: RunningCloud) -> None:
    def told(fault: dict[str, Any]) -> httpx.Response:
        put(faulty_cloud, {"service": "key_vault"} | fault).raise_for_status()
        return ask_vault(faulty_cloud)

    honest = ask_vault(faulty_cloud)
    answer = told({"do": "status", "status": 429, "retry_after": 3, "code": "Throttled"})
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error"]["code"]) == (
        429,
        "3",
        "Throttled",
    )
    answer = told({"do": "garble", "as": "html", "when": "after"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    with pytest.raises(json.JSONDecodeError):
        told({"do": "garble", "as": "text"}).json()
    assert told({"do": "delay", "seconds": 0.05}).content == honest.content
    for fault in ({"do": "reset"}, {"do": "truncate"}, {"do": "reset", "when": "after"}):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            told(fault)
    with pytest.raises(httpx.ReadTimeout):
        told({"do": "hang"})


def test_what_hangs_is_let_go_when_the_faults_end(faulty_cloud: RunningCloud) -> None:
    put(faulty_cloud, {"service": "key_vault", "do": "hang"})
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(ask_vault, faulty_cloud, 60.0)
        while happened(faulty_cloud) == [0]:
            time.sleep(0.01)
        put(faulty_cloud)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            hanging.result(timeout=30)
    assert ask_vault(faulty_cloud).status_code == 401  # it asks for a token: back to its business
