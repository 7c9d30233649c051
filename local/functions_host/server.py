"""The host behind a port: uvicorn on loopback, its signals, its end with the parent."""

import argparse
import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
import uvloop

from local.ending import end_of_process
from local.functions_host.app import Identity
from local.functions_host.errors import HostError
from local.functions_host.host import STOP_SECONDS, FunctionsHost
from local.functions_host.keys import Keys
from local.functions_host.logs import LOGGER
from local.functions_host.platform_headers import StripIdentity


def serve(app_dir: Path, options: argparse.Namespace, keys: Keys) -> None:
    """Serve an app until a signal or the parent ends it.

    Raises:
        HostError: the app cannot be loaded or the port is taken.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app_dir, options, keys))


async def _serve(app_dir: Path, options: argparse.Namespace, keys: Keys) -> None:
    stop = end_of_process(with_parent=options.stop_with_parent)
    with _socket(options.port) as listening:
        host = FunctionsHost(app_dir, keys=keys, identity=_identity(options), lenient_chunked=options.lenient_chunked)
        async with host:
            server = _Server(_config(host))
            serving = asyncio.create_task(server.serve([listening]))
            _announce(host, listening.getsockname()[1])
            await stop.wait()
            server.should_exit = True
            await host.stop()
            await serving


class _Server(uvicorn.Server):
    """uvicorn that leaves the signals to this module."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install nothing."""
        yield


def _config(host: FunctionsHost) -> uvicorn.Config:
    return uvicorn.Config(
        host.asgi,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )


def _socket(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(2048)  # callers that come while the app loads wait, as they do in Azure
    except OSError as error:
        listening.close()
        raise HostError(
            f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); choose another with --port."
        ) from None
    return listening


def _identity(options: argparse.Namespace) -> Identity:
    if options.easy_auth == "off":
        return StripIdentity()
    from local.functions_host.easy_auth import EasyAuth, read_easy_auth

    return EasyAuth(read_easy_auth(options.easy_auth, os.environ))


def _announce(host: FunctionsHost, port: int) -> None:
    from local.functions_host.check import overview

    url = f"http://127.0.0.1:{port}"
    for line in overview(host, url).splitlines():
        LOGGER.info("%s", line)
    LOGGER.info("master key %s", host.keys.master)
    if any(function.auth_level == "function" for function in host.functions if function.trigger.type == "httpTrigger"):
        LOGGER.info("host key %s", host.keys.host)
    print(f"ready {url}", flush=True)
