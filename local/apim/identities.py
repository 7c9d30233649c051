"""The gateway's own identity: tokens for `authentication-managed-identity`, from App Service's endpoint.

The protocol is App Service's (api-version 2019-08-01), documented by Microsoft, as is that a token is kept until it
expires; API Management itself does not tell how it asks. Chosen: a token is asked for anew five minutes before its end,
and used to its end if none can be had; a failure has the reason ManagedIdentityTokenFailed and 500.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import httpx

from local.apim.errors import PolicyFailed

SOURCE = "authentication-managed-identity"
_RENEWED_BEFORE_SECONDS = 300
_FETCH_SECONDS = 10


class _Token(NamedTuple):
    text: str
    expires: float


class ManagedIdentity:
    """Gives tokens of one identity by resource, each fetched once for all who wait for it."""

    def __init__(
        self, environment: Mapping[str, str], client: httpx.AsyncClient, *, now: Callable[[], float] = time.time
    ) -> None:
        """Take IDENTITY_ENDPOINT and IDENTITY_HEADER from the environment; without them every token fails."""
        self._endpoint, self._secret = environment.get("IDENTITY_ENDPOINT"), environment.get("IDENTITY_HEADER", "")
        self._client, self._now = client, now
        self._tokens: dict[tuple[str, str | None], _Token] = {}
        self._fetching: dict[tuple[str, str | None], asyncio.Task[_Token]] = {}

    async def token(self, resource: str, client_id: str | None = None) -> str:
        """Give a token for a resource; `client_id` names a user-assigned identity. Raises PolicyFailed."""
        key = resource, client_id
        known = self._tokens.get(key)
        if known is not None and self._now() < known.expires - _RENEWED_BEFORE_SECONDS:
            return known.text
        if key not in self._fetching:
            self._fetching[key] = asyncio.create_task(self._renewed(key))
        return (await asyncio.shield(self._fetching[key])).text

    async def _renewed(self, key: tuple[str, str | None]) -> _Token:
        known = self._tokens.get(key)
        try:
            self._tokens[key] = await self._fetch(*key)
        except PolicyFailed:
            if known is None or known.expires <= self._now():
                raise
        finally:
            del self._fetching[key]
        return self._tokens[key]

    async def _fetch(self, resource: str, client_id: str | None) -> _Token:
        if not self._endpoint:
            raise _failure(resource, "IDENTITY_ENDPOINT is not set")
        query = {"api-version": "2019-08-01", "resource": resource} | ({"client_id": client_id} if client_id else {})
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                answer = await self._client.get(
                    self._endpoint, params=query, headers={"X-IDENTITY-HEADER": self._secret}
                )
            if answer.status_code != 200:
                raise _failure(resource, f"{self._endpoint} answered {answer.status_code} {answer.text[:200]}")
            body = answer.json()
            return _Token(str(body["access_token"]), float(body["expires_on"]))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _failure(resource, f"{self._endpoint}: {type(error).__name__} {error}".rstrip()) from error
        except (ValueError, TypeError, KeyError) as error:
            raise _failure(resource, f"{self._endpoint} answered what is no token") from error


def _failure(resource: str, message: str) -> PolicyFailed:
    return PolicyFailed(SOURCE, "ManagedIdentityTokenFailed", f"No token for {resource}: {message}.", status=500)
