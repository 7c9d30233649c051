"""The local cloud as a whole: starts its parts side by side, joins them, and takes them down together."""

import asyncio
import importlib
import json
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from local import azurite, control, identity, key_vault
from local.apim.deployment import BACKEND_PATH, BASE_PATH, GatewayOptions, behind_gateway
from local.azurite import StorageAccount
from local.callers import callers, token
from local.certificates import prepare
from local.children import Child
from local.environment import OF_APPLICATIONS, environment
from local.errors import PartFailed, PortInUse
from local.faults import Faults
from local.faulty import faulty
from local.front import Front
from local.identity import Principal
from local.issuer import Issuer
from local.names import (
    GATEWAY_CLIENT_ID,
    GATEWAY_PRINCIPAL_ID,
    HOSTS,
    KEY_VAULT_HOST,
    LOCATION,
    LOGIN_HOST,
    MANAGED_IDENTITY_CLIENT_ID,
    MANAGED_IDENTITY_PRINCIPAL_ID,
    MANAGEMENT_HOST,
    QUANTUM_HOSTS,
    REPOSITORY,
    RESOURCE_GROUP,
    SIGNING_KEY_ENTRY,
    STORAGE_HOSTS,
    STORAGE_SERVICES,
    SUBSCRIPTION_ID,
    TENANT_ID,
    VAULT_ENTRY,
    WORKSPACE,
    StorageService,
    WorkspaceKind,
)
from local.signing_key import signing_key
from local.state import State
from local.storage import StorageDoor
from local.web import WebServer, by_host, listening_socket
from local.wire import Counter, counted

if TYPE_CHECKING:
    from local.azure_quantum import Workspace

logger = logging.getLogger(__name__)
DEMO_TOKEN_SECONDS = 24 * 3600
SECONDS_TO_START_FUNCTIONS = 60.0

# Tells what has come up: the part, where it is, and the seconds since the start.
Progress = Callable[[str, str, float], None]
Stop = Callable[[], Awaitable[None]]


class Cloud:
    """All parts of the local cloud."""

    def __init__(
        self,
        state: State,
        *,
        data: Path | None = None,
        app: Path | None = REPOSITORY,
        port: int = 0,
        progress: Progress = lambda part, where, seconds: None,
        seconds_to_stop: float = 10.0,
        time_scale: float | None = None,
        script: Path | None = None,
        kind: WorkspaceKind = "V1",
        gateway: GatewayOptions | None = None,
    ) -> None:
        """Take where the data is kept (None: in memory), and the Functions app (None: no Functions host, no gateway).

        `time_scale` is how long a second of a real queue lasts, `script` a file that tells how targets behave.
        """
        self._state, self._data, self._app, self._port = state, data, app, port
        self._progress, self._seconds_to_stop = progress, seconds_to_stop
        self._time_scale, self._script = time_scale, script
        self._kind, self._quantum_host = kind, QUANTUM_HOSTS[kind]
        self._gateway = gateway or GatewayOptions()
        self._workspace: Workspace | None = None
        self._children: list[Child] = []
        self._functions: Child | None = None
        self._restarting = asyncio.Lock()
        self._sockets: list[socket.socket] = []
        self._first_stops: list[Stop] = []
        self._stops: list[Stop] = []
        self._started = time.monotonic()
        self.counter = Counter()
        self._faults = Faults()
        self.environment: dict[str, str] = {}
        self.services: dict[str, str] = {}

    async def start(self) -> None:
        """Start all parts; raises the error of the first that fails. Call `stop` in every case."""
        self._port, self._functions_port = _free_port(self._port), _free_port(0)
        try:
            await self._start()
        except BaseExceptionGroup as group:
            raise _first_of(group) from None

    async def stop(self) -> None:
        """Take all parts down: the Functions host first, which may still be at work with the others."""
        for stops in (self._first_stops, self._stops):
            await asyncio.gather(*map(self._stop_part, stops))
        for opened in self._sockets:
            opened.close()

    async def _stop_part(self, stop: Stop) -> None:
        """Stop one part; one that hangs or fails must not keep the others up."""
        try:
            async with asyncio.timeout(self._seconds_to_stop):
                await stop()
        except Exception:
            logger.exception("a part did not stop as it should: %s", stop)

    def health(self) -> Mapping[str, str]:
        return {child.part: "running" if child.running else f"stopped; see {child.log}" for child in self._children}

    def parts(self) -> Mapping[str, int]:
        """Give the process ids; `cloud` is this one: workspace, identity, key vault, front and the door to storage."""
        return {"cloud": os.getpid(), **{child.part: child.pid for child in self._children}}

    async def failure(self) -> PartFailed:
        """Wait until a part stops by itself, and tell which; one that is being replaced does not count."""
        while True:
            waiting = {asyncio.create_task(child.ended()): child for child in self._children}
            try:
                done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waiting:
                    task.cancel()
            for task in done:
                if waiting[task] in self._children:
                    return task.result()
            async with self._restarting:
                pass  # its successor is among the children then

    async def restart_functions(self) -> None:
        """Kill the Functions host as a failing machine would, and start another in its place.

        Raises:
            PartFailed: there is none, or it does not come up.
        """
        async with self._restarting:
            if self._functions is None or self._app is None:
                raise PartFailed("functions", "it is not up")
            killed, self._functions = self._functions, None
            self._children.remove(killed)
            self._first_stops.remove(killed.stop)
            await killed.kill()
            await self._start_functions(self._app)

    async def _start(self) -> None:
        """Listen first: every address is known at once, and no part waits for another to begin."""
        self._read_keys()
        web, plain, storage = self._listen(), self._listen(), {service: self._listen() for service in STORAGE_SERVICES}
        front = await self._start_front(web, storage)
        await self._serve(self._plain_app(), plain)
        self.environment = self._environment(front, plain)
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._start_storage(storage))
            group.create_task(self._start_web(web, account))
            if self._app:
                group.create_task(self._start_functions(self._app))
                group.create_task(self._start_gateway())

    def _read_keys(self) -> None:
        self._certificates = prepare(self._state)
        self._issuer = Issuer.of(self._state)
        self._callers = callers(self._state)
        self._api_key, self._identity_secret = secrets.token_urlsafe(32), secrets.token_hex(16)
        self._gateway_secret = secrets.token_hex(16)

    def _listen(self) -> socket.socket:
        listening = listening_socket()
        self._sockets.append(listening)
        return listening

    async def _start_front(self, web: socket.socket, storage: Mapping[StorageService, socket.socket]) -> Front:
        routes = {host: _address(web) for host in HOSTS}
        routes |= {STORAGE_HOSTS[service]: _address(listening) for service, listening in storage.items()}
        front = Front(routes)
        await front.start()
        self._stops.append(front.stop)
        return front

    def _environment(self, front: Front, plain: socket.socket) -> dict[str, str]:
        demo = token(self._issuer, self._callers["demo"], lifetime_seconds=DEMO_TOKEN_SECONDS)
        leading = environment(
            front_port=front.port,
            plain_port=_address(plain)[1],
            authority=self._certificates.authority,
            identity_secret=self._identity_secret,
            quantum_host=self._quantum_host,
            api_key=self._api_key,
            token=demo,
        )
        base = f"http://127.0.0.1:{self._port}{BASE_PATH}"
        functions = f"http://127.0.0.1:{self._functions_port}{BACKEND_PATH}"
        return leading | ({"QUANTUM_JOBS_URL": base, "LOCAL_FUNCTIONS_URL": functions} if self._app else {})

    async def _start_storage(self, listening: Mapping[StorageService, socket.socket]) -> StorageAccount:
        child, account = await azurite.start(self._state, self._certificates, self._data)
        self._children.append(child)
        self._stops.append(child.stop)
        door = StorageDoor(account, self._certificates, self._issuer, self.counter, self._faults)
        await door.start(listening)
        self._stops.append(door.stop)
        for service, host in STORAGE_HOSTS.items():
            self._up(service, f"https://{host}")
        return account

    async def _start_web(self, listening: socket.socket, storage: Awaitable[StorageAccount]) -> None:
        """Serve all that speaks HTTP over TLS from one socket, told apart by host name."""
        quantum = await self._start_workspace(storage)
        apps = {
            LOGIN_HOST: self._at_the_wire(identity.application(self._issuer, self._callers.values()), "identity"),
            KEY_VAULT_HOST: self._at_the_wire(key_vault.application(self._issuer, self._vault_seed()), "key_vault"),
            self._quantum_host: quantum,
            MANAGEMENT_HOST: quantum,
        }
        await self._serve(by_host(apps), listening, tls=True)
        self._up("identity", f"https://{LOGIN_HOST}/{TENANT_ID}")
        self._up("key vault", f"https://{KEY_VAULT_HOST}")
        self._up("workspace", f"https://{self._quantum_host}")

    async def _start_workspace(self, storage: Awaitable[StorageAccount]) -> ASGIApp:
        """Start the quantum workspace beside its storage, which it reaches as its owner: not through the door."""
        # Half of the time to start would be these imports; in a thread they go while Azurite starts.
        await asyncio.to_thread(importlib.import_module, "local.azure_quantum")
        from local.azure_quantum import Script, Workspace, application, urls
        from local.azure_quantum import StorageAccount as LinkedAccount
        from local.azure_quantum.workspace import TIME_SCALE

        account = await storage
        workspace = Workspace(
            issuer=self._issuer,
            storage=LinkedAccount(account.name, account.key, account.url("blob")),
            api_keys=[self._api_key],
            kind=self._kind,
            verify=self._certificates.client_context(),
            data=self._data,
            time_scale=TIME_SCALE if self._time_scale is None else self._time_scale,
            script=Script.read(self._script) if self._script else None,
        )
        self._workspace = workspace
        self._stops.append(workspace.stop)
        await workspace.start()
        return self._at_the_wire(application(workspace), "azure_quantum", below=urls.WORKSPACE)

    def _at_the_wire(self, app: ASGIApp, service: str, below: str = "") -> ASGIApp:
        """Let faults happen to an application, and count its answers where they get as far as that."""
        return faulty(counted(app, self.counter, service, below=below), self._faults, service)

    async def _start_functions(self, app: Path) -> None:
        """Start the Functions host on the app, with what the platform would tell a deployed app.

        It admits the gateway's identity alone, as App Service authentication does when it is set up so.
        """
        command = [sys.executable, "-m", "local.functions_host", "--app", str(app), "--port", str(self._functions_port)]
        child = await Child.start(
            "functions",
            [*command, "--easy-auth", "return-401", "--stop-with-parent"],
            self._state,
            environment={
                # Which vault and storage the app has its own settings say.
                **{name: value for name, value in self.environment.items() if name not in OF_APPLICATIONS},
                **behind_gateway(),
                "PUBLIC_BASE_URL": self.environment["QUANTUM_JOBS_URL"],
            },
            folder=REPOSITORY,
        )
        self._children.append(child)
        self._first_stops.append(child.stop)
        await child.lines_until("ready http://", seconds=SECONDS_TO_START_FUNCTIONS)
        self._functions = child
        self._up("functions", f"http://127.0.0.1:{self._functions_port}, for the gateway alone")

    async def _start_gateway(self) -> None:
        """Start the gateway in front of the Functions host, on the policies that are deployed."""
        backend = f"http://127.0.0.1:{self._functions_port}"
        child = await Child.start(
            "gateway",
            [sys.executable, *self._gateway.command(self._port, backend), "--stop-with-parent"],
            self._state,
            environment={**self.environment, "IDENTITY_HEADER": self._gateway_secret},
            folder=REPOSITORY,
        )
        self._children.append(child)
        self._first_stops.append(child.stop)
        await child.lines_until("ready http://", seconds=SECONDS_TO_START_FUNCTIONS)
        self._up("job API", self.environment["QUANTUM_JOBS_URL"])

    async def _serve(self, app: ASGIApp, listening: socket.socket, *, tls: bool = False) -> None:
        server = WebServer(app, self._certificates if tls else None)
        await server.start(listening)
        self._stops.append(server.stop)

    def _plain_app(self) -> ASGIApp:
        principals = {
            self._identity_secret: Principal(MANAGED_IDENTITY_CLIENT_ID, MANAGED_IDENTITY_PRINCIPAL_ID, "quantum-jobs"),
            self._gateway_secret: Principal(GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID, "gateway"),
        }
        endpoint = identity.managed_identity(self._issuer, principals)
        endpoints = self._at_the_wire(endpoint, "managed_identity")
        controls = control.application(
            self.counter,
            self.health,
            self._follow,
            self._faults,
            self.restart_functions if self._app else None,
            self.parts,
        )

        async def choose(scope: Scope, receive: Receive, send: Send) -> None:
            await (controls if scope["path"].startswith("/control/") else endpoints)(scope, receive, send)

        return choose

    def _follow(self, document: object) -> None:
        from local.azure_quantum import Script

        if self._workspace is None:
            raise PartFailed("workspace", "it is not up yet")
        self._workspace.follow(Script.of(document))

    def _vault_seed(self) -> dict[str, str]:
        """Give what the service reads: which quantum workspace to use, and the key that webhooks are signed with.

        The key is of the state folder, so that webhooks outlive a stop where what is stored does.
        """
        ids = {"subscriptionId": SUBSCRIPTION_ID, "resourceGroup": RESOURCE_GROUP, "name": WORKSPACE}
        return {
            VAULT_ENTRY: json.dumps(ids | {"location": LOCATION, "endpoint": f"https://{self._quantum_host}"}),
            SIGNING_KEY_ENTRY: signing_key(self._state),
        }

    def _up(self, part: str, where: str) -> None:
        self.services[part] = where
        self._progress(part, where, time.monotonic() - self._started)


def _address(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()
    return host, port


def _free_port(wanted: int) -> int:
    """Give the port for the job API before its host runs: the app must know its own address. Raises PortInUse."""
    try:
        with listening_socket(wanted) as listening:
            return _address(listening)[1]
    except (OSError, OverflowError) as error:
        raise PortInUse(wanted) from error


def _first_of(error: BaseException) -> BaseException:
    """Give the first failure of a group of tasks: the others are its consequences."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
