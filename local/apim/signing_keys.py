"""Signing keys that an issuer publishes by its OpenID configuration: fetched once for all, and again when due.

Documented by Microsoft: keys are cached for an hour; an unknown key id has them fetched again, at most once in five
minutes. Chosen: keys that cannot be fetched anew stay in use for another five minutes, and so on; without any keys,
nobody asks again for five seconds; keys are RSA of 2048 bits or more, or on the curves P-256, P-384 and P-521; an `alg`
of a key is kept to.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Fetch = Callable[[str], Awaitable[bytes]]
Clock = Callable[[], float]

FRESH_SECONDS = 3600.0
UNKNOWN_KEY_SECONDS = 300.0
FAILURE_SECONDS = 5.0
_FETCH_SECONDS = 10.0
_MAX_OCTETS = 1024 * 1024
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class KeysUnavailable(Exception):
    """An issuer's configuration or keys cannot be had; the message says why."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the algorithms it may have signed with: never any that takes a secret."""

    key: RSAPublicKey | EllipticCurvePublicKey
    algorithms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Published:
    """What an issuer publishes: its own name, and its keys by their ids."""

    issuer: str
    keys: Mapping[str, SigningKey]


class SigningKeys:
    """The keys behind one OpenID configuration."""

    def __init__(self, url: str, fetch: Fetch, clock: Clock = time.monotonic) -> None:
        self._url, self._fetch, self._clock = url, fetch, clock
        self._published: Published | None = None
        self._failure = ""
        self._due = self._unknown_due = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def current(self) -> Published:
        """Give what is published, at most an hour old if the issuer can be asked. Raises KeysUnavailable."""
        if self._clock() >= self._due:
            await self._refreshed()
        if self._published is None:
            raise KeysUnavailable(self._failure)
        return self._published

    async def key(self, key_id: str) -> SigningKey | None:
        """Give a key by its id; an unknown one may have the keys fetched again. Raises KeysUnavailable."""
        found = (await self.current()).keys.get(key_id)
        if found is None and (self._fetching is not None or self._clock() >= self._unknown_due):
            if self._fetching is None:
                self._unknown_due = self._clock() + UNKNOWN_KEY_SECONDS
            await self._refreshed()
            found = (await self.current()).keys.get(key_id)
        return found

    async def _refreshed(self) -> None:
        """Wait for the one fetch; a caller that goes away does not end it for the others."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._refresh())
        await asyncio.shield(self._fetching)

    async def _refresh(self) -> None:
        try:
            published = await self._download()
        except KeysUnavailable as error:
            self._failure = str(error)
            self._due = self._clock() + (UNKNOWN_KEY_SECONDS if self._published else FAILURE_SECONDS)
        else:
            # The same object as long as the same is published: who remembers what these keys signed sees a change.
            self._published = self._published if published == self._published else published
            self._due = self._clock() + FRESH_SECONDS
        finally:
            self._fetching = None

    async def _download(self) -> Published:
        configuration = await self._document(self._url)
        issuer, keys_url = configuration.get("issuer"), configuration.get("jwks_uri")
        if not isinstance(issuer, str) or not isinstance(keys_url, str):
            raise KeysUnavailable(f"{self._url} names no issuer or no jwks_uri.")
        keys = (await self._document(keys_url)).get("keys")
        if not isinstance(keys, list):
            raise KeysUnavailable(f"{keys_url} has no list of keys.")
        read = {str(key["kid"]): signing_key(key) for key in keys if isinstance(key, dict) and key.get("kid")}
        return Published(issuer, MappingProxyType({key_id: key for key_id, key in read.items() if key}))

    async def _document(self, url: str) -> dict[str, Any]:
        try:
            document = json.loads(await self._fetch(url))
        except (ValueError, RecursionError) as error:
            raise KeysUnavailable(f"{url} is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise KeysUnavailable(f"{url} is not a JSON object.")
        return document


def signing_key(published: Mapping[str, Any]) -> SigningKey | None:
    """Read a key of a JSON Web Key Set (RFC 7517); None for one that signs nothing that is taken here."""
    if published.get("use", "sig") != "sig" or published.get("kty") not in ("RSA", "EC"):
        return None
    try:
        key = jwt.PyJWK(dict(published), "RS256" if published["kty"] == "RSA" else None).key
    except jwt.PyJWTError:
        return None
    if isinstance(key, RSAPublicKey) and key.key_size >= 2048:
        algorithms = _RSA
    elif isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithms = frozenset({_CURVES[key.curve.name]})
    else:
        return None
    named = published.get("alg")
    return SigningKey(key, algorithms & {named} if isinstance(named, str) else algorithms)


def https_fetch(client: httpx.AsyncClient) -> Fetch:
    """Make what fetches with this client, which finds its proxy and authorities in the environment."""

    async def fetch(url: str) -> bytes:
        try:
            async with asyncio.timeout(_FETCH_SECONDS), client.stream("GET", url) as response:
                if response.status_code != 200:
                    raise KeysUnavailable(f"{url} answered {response.status_code}.")
                octets = bytearray()
                async for part in response.aiter_bytes():
                    octets += part
                    if len(octets) > _MAX_OCTETS:
                        raise KeysUnavailable(f"{url} is over {_MAX_OCTETS} bytes.")
                return bytes(octets)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise KeysUnavailable(f"{url} cannot be fetched: {type(error).__name__} {error}".rstrip()) from error

    return fetch
