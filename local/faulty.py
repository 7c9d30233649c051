"""Lets faults happen to an ASGI application; those of the storage services happen in the storage door."""

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.faults import Fault, Faults

CONNECTION = "local.connection"  # where `web` leaves the transport of a request's connection in its scope


def faulty(app: ASGIApp, faults: Faults, service: str) -> ASGIApp:
    """Wrap an application so that what is asked for `service` happens to its requests."""

    async def pass_or_fail(scope: Scope, receive: Receive, send: Send) -> None:
        fault = faults.of(service, scope["method"], _target(scope)) if scope["type"] == "http" else None
        if fault is None:
            await app(scope, receive, send)
        elif not fault.after:
            if await _happened(fault, faults, scope, receive, send):
                await app(scope, receive, send)
        else:
            answer: list[Message] = []
            await app(scope, receive, _into(answer))
            await _after(fault, faults, answer, scope, receive, send)

    return pass_or_fail


def _into(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep


async def _after(
    fault: Fault, faults: Faults, answer: list[Message], scope: Scope, receive: Receive, send: Send
) -> None:
    if fault.do == "truncate":
        await _cut(answer, scope, send)
    elif await _happened(fault, faults, scope, receive, send):
        for message in answer:
            await send(message)


async def _happened(fault: Fault, faults: Faults, scope: Scope, receive: Receive, send: Send) -> bool:
    """Do what the fault says; tells whether the request goes on."""
    if fault.do == "delay":
        await asyncio.sleep(fault.seconds or 0)
        return True
    if fault.do == "hang":
        await faults.ended()
    if fault.do in ("hang", "reset"):
        _abort(scope)
        return False
    status, media_type, body = fault.answer()
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    await Response(body, status, headers, media_type)(scope, receive, send)
    return False


async def _cut(answer: list[Message], scope: Scope, send: Send) -> None:
    await send(answer[0])  # its Content-Length promises more than will come
    body = b"".join(message.get("body", b"") for message in answer[1:])
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await asyncio.sleep(0.05)  # what was written has to leave before the connection is cut
    _abort(scope)


def _abort(scope: Scope) -> None:
    connection: Any = scope.get("extensions", {}).get(CONNECTION, {}).get("transport")
    if connection is not None:
        connection.abort()


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
