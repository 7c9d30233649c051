"""A host in this process with a synchronous client, and Azurite's queues."""

import base64
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient

from local.functions_host.host import FunctionsHost
from local.functions_host.keys import Keys

APPS = Path(__file__).parent / "apps"
AZURITE = Path(__file__).parents[3] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
KEYS = Keys(master="master-key", host="host-key", of_functions={"keyed": "function-key"})
ACCOUNT = "account1"
ACCOUNT_KEY = "a2V5IG9mIGEgdGVzdA=="


class RunningHost:
    """A host on a loop of its own thread."""

    def __init__(self, portal: BlockingPortal, host: FunctionsHost) -> None:
        self.portal = portal
        self.host = host
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(host.asgi), base_url=host.base_url)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.portal.call(lambda: self.client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


@contextmanager
def running(app: str, **options: Any) -> Iterator[RunningHost]:
    with start_blocking_portal() as portal:
        host = FunctionsHost(APPS / app, **{"keys": KEYS, **options})
        with portal.wrap_async_context_manager(host):
            one = RunningHost(portal, host)
            yield one
            portal.call(one.client.aclose)


@pytest.fixture
def start() -> Callable[..., Any]:
    return running


def until(probe: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Ask until the answer is true; fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not come true within {seconds} s")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an empty queue service."""
    ports = [word for name in ("blob", "queue", "table") for word in (f"--{name}Port", "0")]
    command = ["node", str(AZURITE), *ports, "--inMemoryPersistence", "--skipApiVersionCheck"]
    process = subprocess.Popen(
        [*command, "--silent", "--disableTelemetry"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path_factory.mktemp("azurite"),
        env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{ACCOUNT_KEY}"},
    )
    assert process.stdout is not None
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "Azurite ended"
            found = re.search(r"Queue service is successfully listening at (http://127\.0\.0\.1:\d+)", line)
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"QueueEndpoint={found[1]}/{ACCOUNT};"
        )
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def service(store: str) -> Iterator[QueueServiceClient]:
    with QueueServiceClient.from_connection_string(store) as service:
        yield service


class Queues:
    """A host on queues of its own."""

    def __init__(self, host: RunningHost, service: QueueServiceClient, name: str) -> None:
        self.host = host
        self.service = service
        self.work = service.get_queue_client(name)
        self.poison = service.get_queue_client(f"{name}-poison")

    def put(self, text: str, queue: QueueClient | None = None) -> None:
        (queue or self.work).send_message(base64.b64encode(text.encode()).decode())

    def seen(self, text: str, function: str = "work") -> list[dict[str, Any]]:
        entries = json.loads(self.host.get("/api/seen").content)["seen"]
        return [entry for entry in entries if entry["text"] == text and entry["function"] == function]

    def is_empty(self, queue: QueueClient | None = None) -> bool:
        return (queue or self.work).get_queue_properties().approximate_message_count == 0


def peeked(queue: QueueClient) -> list[str]:
    try:
        return [str(message.content) for message in queue.peek_messages(5)]
    except ResourceNotFoundError:
        return []
