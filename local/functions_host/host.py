"""A function app loaded and running: settings, worker, HTTP application, triggers, from start to graceful stop."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.functions_host import settings as app_settings
from local.functions_host.admin import AdminApplication
from local.functions_host.app import DEFAULT_BODY_LIMIT, HttpApplication, Identity
from local.functions_host.errors import SettingsError
from local.functions_host.functions import Function, functions_of
from local.functions_host.invoker import Invoker
from local.functions_host.keys import Keys
from local.functions_host.logs import LOGGER
from local.functions_host.platform_headers import StripIdentity
from local.functions_host.routes import RouteTable
from local.functions_host.triggers import Triggers
from local.functions_host.worker import Worker

STOP_SECONDS = 10.0
_NO_HOME_PAGE = "AzureWebJobsDisableHomepage"
_BODY_LIMIT = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"


class FunctionsHost:
    """One function app, as an async context manager; one at a time per process.

    `asgi` is the application, for a server or for `httpx.ASGITransport(host.asgi)` with `base_url`. `settings` win over
    the environment, which wins over local.settings.json. While it runs, the process has the app's environment, working
    folder and search path; they are as before when the host has stopped.

    Raises:
        HostError: on entering, when settings, app or routes cannot be used.
    """

    base_url = "http://functions.local"

    def __init__(
        self,
        app_dir: Path | str,
        *,
        settings: Mapping[str, str] | None = None,
        keys: Keys | None = None,
        identity: Identity | None = None,
        lenient_chunked: bool = False,
        run_triggers: bool = True,
    ) -> None:
        self.app_dir = Path(app_dir).resolve()
        self.keys = keys or Keys()
        self._given = dict(settings or {})
        self._identity = identity or StripIdentity()
        self._lenient_chunked = lenient_chunked
        self._run_triggers = run_triggers
        self._worker = Worker(self.app_dir)
        self._cleanup = contextlib.ExitStack()
        self._is_stopped = False
        self.functions: list[Function] = []
        self.asgi: HttpApplication
        self.routes: RouteTable
        self.triggers: Triggers
        self.invoker: Invoker

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Take nothing new, let running invocations finish for a bounded time, forget the app."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self.asgi.is_draining = True
        self.triggers.stop_taking()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.invoker.drained(), seconds)
        if self.invoker.running:
            LOGGER.warning("stopping with %d invocation(s) unfinished", self.invoker.running)
        await self.triggers.stop()
        await asyncio.to_thread(self._cleanup.close)

    async def _start(self) -> None:
        self._load_environment()
        self.settings = app_settings.read_host_settings(self.app_dir, os.environ)
        metadata = await asyncio.to_thread(self._worker.load)
        self._cleanup.callback(self._worker.stop)
        self.functions = functions_of(metadata, os.environ)
        self.keys = self.keys.with_functions(function.name for function in self.functions)
        self.routes = RouteTable(self.functions, self.settings.http.route_prefix)
        self.triggers = Triggers(self.functions, self.settings, os.environ)
        self.invoker = Invoker(self._worker, self.settings.function_timeout, self.triggers.send_output)
        self.asgi = self._application()
        self._warn()
        if self._run_triggers:
            self.triggers.start(self.invoker)

    def _warn(self) -> None:
        for path in self.settings.not_imitated:
            LOGGER.warning("host.json: %s has no effect in the local host", path)
        for function in self.functions:
            if function.retry and function.trigger.type != "timerTrigger":
                LOGGER.warning("%s: a retry policy has no effect on a %s", function.name, function.trigger.type)

    def _application(self) -> HttpApplication:
        prefix = self.settings.http.route_prefix
        admin = AdminApplication(
            self.functions,
            self.keys,
            prefix,
            lambda function, text: self.triggers.run_by_hand(self.invoker, function, text),
        )
        return HttpApplication(
            self.routes,
            self.invoker,
            keys=self.keys,
            settings=self.settings.http,
            identity=self._identity,
            admin=admin,
            body_limit=_body_limit(),
            lenient_chunked=self._lenient_chunked,
            show_home_page=os.environ.get(_NO_HOME_PAGE, "").lower() not in {"1", "true"},
        )

    def _load_environment(self) -> None:
        before = dict(os.environ)
        self._cleanup.callback(_restore_environment, before)
        os.environ.update(self._given)
        os.environ.update(app_settings.host_environment(self.app_dir))
        self._identity.prepare(os.environ)
        runtime = self._given.get("FUNCTIONS_WORKER_RUNTIME") or before.get("FUNCTIONS_WORKER_RUNTIME") or "python"
        values = app_settings.read_local_settings(self.app_dir)
        runtime = values.pop("FUNCTIONS_WORKER_RUNTIME", runtime)
        if runtime != "python":
            raise SettingsError(f"FUNCTIONS_WORKER_RUNTIME is {runtime!r}; the local host runs python only.")
        for name in app_settings.apply_settings(values, os.environ):
            LOGGER.log(logging.DEBUG, "local.settings.json: %s is set in the environment already", name)


def _restore_environment(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)


def _body_limit() -> int:
    text = os.environ.get(_BODY_LIMIT) or str(DEFAULT_BODY_LIMIT)
    if not text.isdigit() or int(text) == 0:
        raise SettingsError(f"{_BODY_LIMIT} must be a number of bytes, is {text!r}.")
    return int(text)
