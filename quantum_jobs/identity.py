"""Identities: the service's own towards Azure, and the caller's as a checked token says."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantum_jobs.errors import ServiceUnavailable, Unauthorized
from quantum_jobs.models import Caller

if TYPE_CHECKING:
    from azure.identity import AzureCliCredential, ManagedIdentityCredential
    from jwt import PyJWKClient

_FRESH_SECONDS = 3600  # a key that the tenant withdraws is good for an hour at most
_REFETCH_SECONDS = 30  # an unknown key id makes us ask for the keys again, but not more often than this
_FAILED_SECONDS = 5  # after a fetch without an answer the next is not tried sooner: callers are told at once
_CLOCK_SKEW_SECONDS = 60
_CHECKED_SECONDS = 60  # a token that held is not checked again for so long, and never past its own end
_REMEMBERED_TOKENS = 1_000


def managed_identity(client_id: str) -> ManagedIdentityCredential:
    """The identity of this process: managed identity in Azure and in the local cloud alike.

    `client_id` names a user-assigned identity; empty means the system's own.
    """
    from azure.identity import ManagedIdentityCredential

    # A token is fetched within a call to another part, in that part's time; see `border`.
    patience: dict[str, Any] = {"retry_total": 0, "connection_timeout": 2, "read_timeout": 3}
    return ManagedIdentityCredential(client_id=client_id or None, **patience)


def operators_identity(client_id: str) -> ManagedIdentityCredential | AzureCliCredential:
    """The identity of an operator's command: the managed one where there is one, else who has done `az login`."""
    from azure.identity import AzureCliCredential

    return managed_identity(client_id) if "IDENTITY_ENDPOINT" in os.environ else AzureCliCredential()


class TokenVerifier:
    """Checks access tokens of one tenant against its published keys.

    The platform's own check stands in front of it; this one keeps the service safe where that is switched off by
    mistake, and never believes a header that anybody could send.
    """

    def __init__(self, login_url: str, tenant: str, audience: str) -> None:
        self._keys_url = f"{login_url}/{tenant}/discovery/v2.0/keys"
        self._issuers = [f"{login_url}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"]
        # A v2 token carries the bare application id as audience, a v1 token its URI.
        self._audiences = [audience, audience.removeprefix("api://")]
        self._fetched = self._failed = -1e9
        self._fetching = threading.Lock()
        self._checked: dict[str, tuple[Caller, float]] = {}
        self._published: dict[object, Any] = {}

    async def caller(self, authorization: str | None) -> Caller:
        """Give the caller that an Authorization header speaks for.

        Raises:
            Unauthorized: no bearer token, or one that does not hold; says why.
            ServiceUnavailable: the tenant's keys cannot be fetched.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Send 'Authorization: Bearer <token>'.")
        known = self._checked.get(token)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        claims = await asyncio.to_thread(self._claims, token.strip())
        return self._remember(token, claims)

    def _remember(self, token: str, claims: Mapping[str, Any]) -> Caller:
        caller = _caller(claims)
        if len(self._checked) >= _REMEMBERED_TOKENS:
            self._checked.clear()
        good_for = min(claims["exp"] + _CLOCK_SKEW_SECONDS - time.time(), _CHECKED_SECONDS)
        self._checked[token] = (caller, time.monotonic() + good_for)
        return caller

    def _claims(self, token: str) -> Mapping[str, Any]:
        import jwt

        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=self._issuers,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "tid", "oid"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"The token does not hold: {error}.") from error

    def _key(self, key_id: object) -> Any:
        import jwt

        if self._due(key_id):
            with self._fetching:  # one asks, and the others wait for the same answer
                if self._due(key_id):
                    self._fetch()
        try:
            return self._published[key_id]
        except KeyError:
            raise jwt.InvalidTokenError("it is signed with a key the tenant does not publish") from None

    def _due(self, key_id: object) -> bool:
        age = time.monotonic() - self._fetched
        return age > _FRESH_SECONDS or (key_id not in self._published and age > _REFETCH_SECONDS)

    def _fetch(self) -> None:
        """Ask the tenant for its keys; whatever it answers that is no list of keys is no fault of the caller's."""
        if time.monotonic() - self._failed < _FAILED_SECONDS:
            raise ServiceUnavailable("The tenant's key server")
        try:
            self._published = {key.key_id: key.key for key in self._key_set.get_signing_keys(refresh=True)}
        except Exception as error:
            self._failed = time.monotonic()
            raise ServiceUnavailable("The tenant's key server") from error
        self._fetched = time.monotonic()

    @cached_property
    def _key_set(self) -> PyJWKClient:
        from jwt import PyJWKClient

        return PyJWKClient(self._keys_url, timeout=5)


def _caller(claims: Mapping[str, Any]) -> Caller:
    application = claims.get("idtyp") == "app" or claims.get("sub") == claims["oid"]
    name = str(claims.get("name") or claims.get("app_displayname") or claims.get("azp") or claims["oid"])
    roles = claims.get("roles", [])
    return Caller(
        tenant=str(claims["tid"]),
        subject=str(claims["oid"]),
        label=f"{'app' if application else 'user'}:{name}",
        roles=frozenset(str(role) for role in roles) if isinstance(roles, list) else frozenset(),
    )
