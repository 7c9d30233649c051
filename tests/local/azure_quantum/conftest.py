"""A workspace behind a real server, with a real Azurite for its blobs; callers are checked by a small issuer."""

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from local.azure_quantum import StorageAccount, Workspace, application
from local.errors import TokenRefused
from tests.local.azure_quantum.caller import Caller

REPOSITORY = Path(__file__).resolve().parents[3]
AZURITE = REPOSITORY / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT, KEY = "teststorage", base64.b64encode(b"k" * 64).decode()
API_KEY = "the-test-key"


class SmallIssuer:
    """Takes tokens of the form audience|subject."""

    def verify(self, token: str, *, audiences: Collection[str]) -> dict[str, Any]:
        audience, _, subject = token.partition("|")
        if audience not in audiences:
            raise TokenRefused("wrong audience")
        return {"aud": audience, "oid": subject}


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageAccount]:
    """Azurite's blobs in memory; clients are told its URL with the account in the path."""
    node = shutil.which("node")
    assert node, "Node is needed for the storage of these tests"
    command = [node, str(AZURITE), "--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    command += ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    folder = tmp_path_factory.mktemp("azurite")
    environment = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder) as process:
        assert process.stdout is not None
        port = next(
            match[1] for line in process.stdout if (match := re.search(r"Blob service .*listening at .*:(\d+)", line))
        )
        url = f"http://127.0.0.1:{port}"
        yield StorageAccount(ACCOUNT, KEY, url, f"{url}/{ACCOUNT}")
        process.send_signal(signal.SIGKILL)


@dataclass
class Served:
    """A workspace and the URL where it listens."""

    workspace: Workspace
    url: str
    stop: Callable[[], None]
    """End it now; it ends by itself after the tests of this folder."""

    @property
    def path(self) -> str:
        return self.workspace.resource_id


class _Server(uvicorn.Server):
    """Runs in a thread with its workspace on the same loop."""

    def __init__(self, workspace: Workspace) -> None:
        config = uvicorn.Config(application(workspace), log_level="warning", loop="uvloop", lifespan="off")
        super().__init__(config)
        self._workspace = workspace
        self.ready = threading.Event()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._workspace.start()
        self.ready.set()
        try:
            await super().serve(sockets)
        finally:
            await self._workspace.stop()


@pytest.fixture(scope="session")
def serve(storage: StorageAccount) -> Iterator[Callable[..., Served]]:
    """Start workspaces that last as long as the tests of this folder."""
    stops: list[Callable[[], None]] = []

    def start(**options: Any) -> Served:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = {
            "issuer": SmallIssuer(),
            "storage": storage,
            "api_keys": [API_KEY],
            "seed": "tests",
            "workers": 1,
        } | options
        workspace = Workspace(endpoint=url, **options)
        server = _Server(workspace)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join()
            listener.close()

        stops.append(stop)
        assert server.ready.wait(30)
        return Served(workspace, url, stop)

    yield start
    for stop in stops:
        stop()


@pytest.fixture(scope="session")
def served(serve: Callable[..., Served]) -> Served:
    """The workspace that most tests share; a real hour of queue lasts 0.36 s."""
    return serve(time_scale=0.0001)


@pytest.fixture(scope="session")
def calling(serve: Callable[..., Served]) -> Iterator[Callable[[Served], Caller]]:
    """Make callers that are closed at the end."""
    made: list[Caller] = []

    def call(served: Served) -> Caller:
        made.append(Caller(served.url, served.path, API_KEY))
        return made[-1]

    yield call
    for caller in made:
        caller.close()


@pytest.fixture(scope="session")
def caller(calling: Callable[[Served], Caller], served: Served) -> Caller:
    return calling(served)
