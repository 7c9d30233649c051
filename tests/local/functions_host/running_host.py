"""A host in this process with a synchronous client, and what its queues hold."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueServiceClient

from local.functions_host.host import FunctionsHost
from local.functions_host.keys import Keys

APPS = Path(__file__).parent / "apps"
KEYS = Keys(master="master-key", host="host-key", of_functions={"keyed": "function-key"})


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


def until(probe: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Ask until the answer is true; fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not come true within {seconds} s")


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
