"""Signs for webhooks, with keys that the vault gives and that are read again when a secret's is not among them."""

from collections.abc import Awaitable, Callable, Mapping

from quantum_jobs import signatures
from quantum_jobs.clock import now
from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.signatures import SigningKeys, secret_of, shown
from quantum_jobs.webhooks import Webhook

_YOUNG_SECONDS = 5.0  # a key of another process, which has just seen the vault change
_FRESH_SECONDS = 300.0

# Gives the keys as they were at most so many seconds ago.
type KeySource = Callable[[float], Awaitable[SigningKeys]]


class WebhookSigner:
    """Makes the secrets of webhooks when they are needed; keeps none."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys

    async def current_key_id(self) -> str:
        """Name the key that new secrets are derived from.

        Raises:
            ServiceUnavailable, SettingsMissing: the vault does not answer, or has no such key.
        """
        return (await self._keys(_FRESH_SECONDS)).current.id

    async def newest_secret(self, webhook: Webhook) -> str:
        """Give a webhook's newest secret as its receiver gets it.

        Raises:
            ServiceUnavailable, SettingsMissing: the vault does not answer, or has lost the key.
        """
        secret = secret_of(webhook, webhook.secrets[0], await self._keys(_FRESH_SECONDS))
        if secret is None:
            raise ServiceUnavailable("Key Vault")
        return shown(secret)

    async def headers(self, webhook: Webhook, message_id: str, seconds: int, body: bytes) -> Mapping[str, str] | None:
        """Sign with every secret of the webhook that lives; None when the keys of all of them are withdrawn.

        Raises:
            ServiceUnavailable, SettingsMissing: the vault does not answer, or has no current key.
        """
        alive = [version for version in webhook.secrets if version.lives(now())]
        keys = await self._keys(_FRESH_SECONDS)
        if any(keys.of(version.key_id) is None for version in alive):
            keys = await self._keys(_YOUNG_SECONDS)
        secrets = [secret_of(webhook, version, keys) for version in alive]
        known = [secret for secret in secrets if secret is not None]
        return signatures.headers(message_id, seconds, body, known) if known else None
