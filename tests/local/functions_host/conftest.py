"""Azurite's queues for a session of tests."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

AZURITE = Path(__file__).parents[3] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT = "account1"
ACCOUNT_KEY = "a2V5IG9mIGEgdGVzdA=="


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
