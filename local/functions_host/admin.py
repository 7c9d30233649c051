"""The host's admin interface below /admin: status, functions, keys, and running a function by hand."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from local.functions_host.app import caller_key
from local.functions_host.functions import Function
from local.functions_host.http_messages import Request, Response
from local.functions_host.keys import Keys
from local.functions_host.routes import own_route

VERSION = "4.1052.200"  # the version of the Functions host whose rules are imitated
RunByHand = Callable[[Function, str], Awaitable[object]]
_Answer = Callable[[Request, list[str]], Response]


class AdminApplication:
    """Answers requests below /admin; all but ping need the master key."""

    def __init__(self, functions: Sequence[Function], keys: Keys, prefix: str, run_by_hand: RunByHand) -> None:
        self._functions = {function.name.lower(): function for function in functions}
        self._keys = keys
        self._prefix = prefix
        self._run_by_hand = run_by_hand
        self._started = time.monotonic()
        self._tasks: set[asyncio.Task[object]] = set()

    async def answer(self, request: Request) -> Response:
        """Answer one request; a path that does not exist is 404 before any key is looked at."""
        parts = request.path.strip("/").split("/")[1:]
        if parts == ["host", "ping"] and request.method in {"GET", "POST"}:
            return Response(200)
        handler = self._handler(request.method, parts)
        if handler is None:
            return Response(404)
        if not self._keys.is_master(caller_key(request)):
            return Response(401)
        return handler(request, parts)

    def _handler(self, method: str, parts: list[str]) -> _Answer | None:
        match method, [part.lower() for part in parts]:
            case "GET", ["host", "status"]:
                return self._status
            case "GET", ["host", "keys"]:
                return self._host_keys
            case "GET", ["functions"]:
                return self._list
            case _, ["functions", name, *rest] if name in self._functions:
                return self._function_handler(method, rest)
        return None

    def _function_handler(self, method: str, rest: list[str]) -> _Answer | None:
        handlers: dict[tuple[str, str], _Answer] = {
            ("GET", ""): self._one,
            ("POST", ""): self._run,
            ("GET", "status"): self._function_status,
            ("GET", "keys"): self._function_keys,
        }
        return handlers.get((method, "/".join(rest)))

    def _status(self, _request: Request, _parts: list[str]) -> Response:
        return _json(
            {
                "id": os.environ.get("WEBSITE_SITE_NAME", "local"),
                "state": "Running",
                "version": VERSION,
                "versionDetails": f"{VERSION}+local",
                "instanceId": str(os.getpid()),
                "computerName": os.uname().nodename,
                "processUptime": int((time.monotonic() - self._started) * 1000),
                "extensionBundle": None,
            }
        )

    def _host_keys(self, _request: Request, _parts: list[str]) -> Response:
        return _keys_listing({"default": self._keys.host})

    def _list(self, request: Request, _parts: list[str]) -> Response:
        return _json([self._described(function, request) for function in self._functions.values()])

    def _one(self, request: Request, parts: list[str]) -> Response:
        return _json(self._described(self._function(parts), request))

    def _function_status(self, _request: Request, _parts: list[str]) -> Response:
        return _json({})

    def _function_keys(self, _request: Request, parts: list[str]) -> Response:
        return _keys_listing({"default": self._keys.of_functions[self._function(parts).name]})

    def _run(self, request: Request, parts: list[str]) -> Response:
        try:
            text = json.loads(request.body or b"{}").get("input") or ""
        except (ValueError, AttributeError):
            return _json({"error": 'the body must be a JSON object such as {"input": "text"}'}, 400)
        function = self._function(parts)
        if function.trigger.type == "httpTrigger":
            return _json({"error": f"{function.name} is an HTTP function: call its route"}, 400)
        task = asyncio.ensure_future(self._run_by_hand(function, str(text)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Response(202)

    def _function(self, parts: list[str]) -> Function:
        return self._functions[parts[1].lower()]

    def _described(self, function: Function, request: Request) -> dict[str, Any]:
        base = f"{request.scheme}://{request.headers.get('host', '')}"
        is_http = function.trigger.type == "httpTrigger"
        path = "/".join(part for part in (self._prefix, own_route(function)) if part) if is_http else ""
        bindings = [dict(binding.properties) for binding in (function.trigger, *function.outputs)]
        return {
            "name": function.name,
            "href": f"{base}/admin/functions/{function.name}",
            "invoke_url_template": f"{base}/{path}" if is_http else None,
            "isDisabled": function.is_disabled,
            "isDirect": False,
            "isProxy": False,
            "language": "python",
            "config": {
                "name": function.name,
                "scriptFile": function.script_file,
                "language": "python",
                "bindings": bindings,
            },
        }


def _json(document: object, status: int = 200) -> Response:
    return Response(status, [("content-type", "application/json; charset=utf-8")], json.dumps(document).encode())


def _keys_listing(keys: Mapping[str, str]) -> Response:
    return _json({"keys": [{"name": name, "value": value} for name, value in keys.items()], "links": []})
