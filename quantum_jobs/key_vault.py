"""Key Vault: tells which workspace to use, so that it can be changed without a deployment."""

from __future__ import annotations

import asyncio
import json
import time
from functools import cached_property
from typing import TYPE_CHECKING

from quantum_jobs.border import PATIENCE, Door
from quantum_jobs.errors import ServiceUnavailable, SettingsMissing
from quantum_jobs.models import WorkspaceLocation

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


class KeyVault:
    """Reads one secret whose value is JSON: subscriptionId, resourceGroup, name, location, endpoint."""

    def __init__(self, url: str, secret_name: str, credential: TokenCredential) -> None:
        self._url = url
        self._secret_name = secret_name
        self._credential = credential
        self._door = Door("Key Vault", threads=2)
        self._read_at = 0.0
        self._location: WorkspaceLocation | None = None
        self._reading = asyncio.Lock()

    async def workspace_location(self) -> WorkspaceLocation:
        """Give the workspace in force; asks the vault at most once in five minutes.

        When the vault does not answer, the last answer stays in force.

        Raises:
            ServiceUnavailable: no answer yet and the vault does not answer now.
            SettingsMissing: the secret is not the JSON it should be.
        """
        async with self._reading:
            if self._location is None or time.monotonic() - self._read_at > _FRESH_SECONDS:
                self._location = await self._read()
                self._read_at = time.monotonic()
        return self._location

    async def _read(self) -> WorkspaceLocation:
        try:
            value = await self._door.call(lambda: self._client.get_secret(self._secret_name).value)
        except ServiceUnavailable:
            if self._location is not None:
                return self._location
            raise
        return _location(value or "", self._secret_name)

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
