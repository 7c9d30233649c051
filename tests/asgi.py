"""Asks an ASGI application without a socket, from tests that are not async."""

import asyncio
from typing import Any

import httpx


class AsgiClient:
    """Sends each request in an event loop of its own."""

    def __init__(self, app: Any, base_url: str = "http://127.0.0.1") -> None:
        self._app, self._base_url = app, base_url

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url) as client:
                return await client.request(method, url, **options)

        return asyncio.run(send())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)
