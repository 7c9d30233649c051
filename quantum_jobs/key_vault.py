"""Key Vault: tells which workspace to use, and the keys that webhooks are signed with; changed without a deployment."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.errors import ServiceUnavailable, SettingsMissing
from quantum_jobs.models import WorkspaceLocation
from quantum_jobs.signatures import SigningKeys, read_key

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.secrets import SecretClient

_FRESH_SECONDS = 300  # a changed secret is followed within five minutes
_MEMBERS = {
    "subscriptionId": "subscription_id",
    "resourceGroup": "resource_group",
    "name": "name",
    "location": "location",
    "endpoint": "endpoint",
}


class _Kept[T]:
    """What was read last; it stays in force while the vault does not answer."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._read_at = 0.0
        self._value: T | None = None
        self._reading = asyncio.Lock()

    async def get(self, most_seconds: float) -> T:
        async with self._reading:
            if self._value is None or time.monotonic() - self._read_at > most_seconds:
                self._value = await self._renewed()
                self._read_at = time.monotonic()
        return self._value

    async def _renewed(self) -> T:
        try:
            return await self._read()
        except ServiceUnavailable:
            if self._value is None:
                raise
            return self._value


class KeyVault:
    """Reads a secret that is JSON (subscriptionId, resourceGroup, name, location, endpoint), and two signing keys."""

    def __init__(
        self, url: str, secret_name: str, credential: TokenCredential, signing_key_name: str = "webhook-signing-key"
    ) -> None:
        self._url = url
        self._secret_name = secret_name
        self._signing_key_name = signing_key_name
        self._credential = credential
        self._door = Door("Key Vault", threads=2)
        self._location = _Kept(self._read_location)
        self._signing_keys = _Kept(self._read_signing_keys)

    async def workspace_location(self) -> WorkspaceLocation:
        """Give the workspace in force; asks the vault at most once in five minutes.

        When the vault does not answer, the last answer stays in force.

        Raises:
            ServiceUnavailable: no answer yet and the vault does not answer now.
            SettingsMissing: the secret is not the JSON it should be.
        """
        return await self._location.get(_FRESH_SECONDS)

    async def signing_keys(self, most_seconds: float = _FRESH_SECONDS) -> SigningKeys:
        """Give the keys that webhooks are signed with, as they were at most so many seconds ago.

        When the vault does not answer, the last answer stays in force.

        Raises:
            ServiceUnavailable: no answer yet and the vault does not answer now.
            SettingsMissing: there is no current key, or one is not of the form of a key.
        """
        return await self._signing_keys.get(most_seconds)

    async def _read_location(self) -> WorkspaceLocation:
        value = await self._door.call(lambda: self._client.get_secret(self._secret_name).value)
        return _location(value or "", self._secret_name)

    async def _read_signing_keys(self) -> SigningKeys:
        name, before = self._signing_key_name, f"{self._signing_key_name}-previous"
        previous = await self._door.call(lambda: self._secret(before))
        current = await self._door.call(lambda: self._secret(name))
        if current is None:
            raise SettingsMissing(f"There is no secret {name} in Key Vault: without it no webhook is signed.")
        return SigningKeys(read_key(current, name), read_key(previous, before) if previous else None)

    def _secret(self, name: str) -> str | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._client.get_secret(name).value
        except ResourceNotFoundError:
            return None

    @cached_property
    def _client(self) -> SecretClient:
        from azure.keyvault.secrets import SecretClient

        return SecretClient(self._url, self._credential, **PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._door.close()
        self._client.close()


def _location(value: str, secret_name: str) -> WorkspaceLocation:
    try:
        members = json.loads(value)
        return WorkspaceLocation(**{ours: str(members[theirs]) for theirs, ours in _MEMBERS.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise SettingsMissing(
            f"Secret {secret_name} in Key Vault must be JSON with {', '.join(_MEMBERS)}: {error!r}."
        ) from error
