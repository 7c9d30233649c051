"""Azurite, the storage of the local cloud: blobs, queues and tables of one account, as a child process."""

import base64
import fcntl
import re
import secrets
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local.certificates import Certificates
from local.children import Child
from local.errors import DataInUse, PartFailed, StateCorrupt, ToolMissing
from local.names import REPOSITORY, STORAGE_ACCOUNT, STORAGE_SERVICES, StorageService
from local.state import State
from local.web import KEEP_ALIVE_SECONDS

AZURITE = REPOSITORY / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
HERE = Path(__file__).resolve().parent
PRELOADED = tuple(
    word
    for name in ("stop_with_parent.cjs", "load_later.cjs", "keyed_lookups.cjs")
    for word in ("--require", HERE / name)
)
KEY_FILE = "account.key"
SECONDS_TO_START = 60.0


@dataclass(frozen=True)
class StorageAccount:
    """The account, its key, and the port of each service (https on 127.0.0.1, the account taken from the Host)."""

    name: str
    key: str = field(repr=False)
    ports: dict[StorageService, int]

    def url(self, service: StorageService) -> str:
        return f"https://127.0.0.1:{self.ports[service]}"


async def start(state: State, certificates: Certificates, data: Path | None = None) -> tuple[Child, StorageAccount]:
    """Start Azurite in memory, or on a folder that keeps what is stored; free ports of its own choice.

    Raises ToolMissing, StateCorrupt, DataInUse or PartFailed.
    """
    command = _command(certificates, data)
    with ExitStack() as stack:
        locks = [stack.enter_context(_locked(data)).fileno()] if data else []
        key = _kept_key(data) if data else _new_key()
        # A developer's own Node options are not for this Azurite.
        environment = {"AZURITE_ACCOUNTS": f"{STORAGE_ACCOUNT}:{key}", "NODE_OPTIONS": ""}
        child = await Child.start(
            "azurite", command, state, environment=environment, folder=state.folder, inherits=locks
        )
    try:
        lines = await child.lines_until("successfully listening at", len(STORAGE_SERVICES), seconds=SECONDS_TO_START)
        return child, StorageAccount(STORAGE_ACCOUNT, key, _ports(lines))
    except BaseException:
        await child.stop()
        raise


def _command(certificates: Certificates, data: Path | None) -> list[str | Path]:
    node = shutil.which("node")
    if node is None:
        raise ToolMissing("Node 20 or newer is needed for the storage and `node` is not on the PATH: install it.")
    if not AZURITE.exists():
        raise ToolMissing(f"Azurite is not installed ({AZURITE} is missing): run `make setup`.")
    place: list[str | Path] = ["--inMemoryPersistence"] if data is None else ["--location", data.absolute()]
    # Kept alive longer than SDKs keep idle connections, for the reason given in web.py.
    options = {"Port": "0", "KeepAliveTimeout": str(KEEP_ALIVE_SECONDS)}
    ports = [
        word for service in STORAGE_SERVICES for end, value in options.items() for word in (f"--{service}{end}", value)
    ]
    # Its telemetry would call home; its list of API versions ends before those that today's SDKs send.
    switches = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--oauth", "basic"]
    server: list[str | Path] = ["--cert", certificates.certificate, "--key", certificates.key]
    return [node, *PRELOADED, AZURITE, *place, *ports, *switches, *server]


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _locked(data: Path) -> IO[str]:
    """Lock a data folder: two Azurites on one folder would lose what the other wrote.

    The lock lasts until the last process that has the file open ends.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (data / "lock").open("w")
    except OSError as error:
        raise DataInUse(f"{data} cannot be used for data: {error.strerror}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise DataInUse(f"{data} is in use by another local cloud: stop that one or choose another folder.") from error
    return file


def _kept_key(data: Path) -> str:
    """Read the account key beside the data, so that a shared access signature outlives a restart."""
    path = data / KEY_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(_new_key())
    key = path.read_text().strip()
    if not re.fullmatch(r"[A-Za-z0-9+/]{86}==", key):
        raise StateCorrupt(path, "not a storage account key")
    return key


def _ports(lines: list[str]) -> dict[StorageService, int]:
    """Read the chosen ports from lines as `Azurite Blob service is successfully listening at https://127.0.0.1:1`."""
    text = "\n".join(lines)
    ports: dict[StorageService, int] = {}
    for service in STORAGE_SERVICES:
        match = re.search(rf"Azurite {service.title()} service .* at https://127\.0\.0\.1:(\d+)", text)
        if match is None:
            raise PartFailed("azurite", f"it did not tell the port of its {service} service: {text}")
        ports[service] = int(match[1])
    return ports
