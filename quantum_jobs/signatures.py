"""Secrets of webhooks and signatures made with them, as Standard Webhooks says: HMAC-SHA256, `v1,<base64>`.

A webhook's secret is derived from a key of the service, so that none is stored (docs/decisions/012).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quantum_jobs.errors import SettingsMissing
from quantum_jobs.webhooks import SecretVersion, Webhook

_LEAST_KEY_BYTES = 32
_PREFIX = "whsec_"


@dataclass(frozen=True)
class SigningKey:
    """A key of the service, from which secrets are derived."""

    value: bytes

    @property
    def id(self) -> str:
        """Names the key without telling it."""
        return hashlib.sha256(b"quantum-jobs signing key\0" + self.value).hexdigest()[:12]

    def secret(self, webhook_id: str, generation: int) -> bytes:
        """Derive a webhook's secret, 32 bytes."""
        return hmac.digest(self.value, f"quantum-jobs webhook\0{webhook_id}\0{generation}".encode(), "sha256")


@dataclass(frozen=True)
class SigningKeys:
    """The key that new secrets are derived from, and the one before it."""

    current: SigningKey
    previous: SigningKey | None = None

    def of(self, key_id: str) -> SigningKey | None:
        """Give the key of this id; None: it is no longer, or not yet, in the vault."""
        return next((key for key in (self.current, self.previous) if key and key.id == key_id), None)


def read_key(text: str, secret_name: str) -> SigningKey:
    """Read a key as it lies in the vault: base64 of 32 random bytes or more.

    Raises:
        SettingsMissing: it is not.
    """
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        value = b""
    if len(value) < _LEAST_KEY_BYTES:
        raise SettingsMissing(f"Secret {secret_name} in Key Vault must be base64 of {_LEAST_KEY_BYTES} bytes or more.")
    return SigningKey(value)


def shown(secret: bytes) -> str:
    """Write a secret as its receiver gets it, once."""
    return _PREFIX + base64.b64encode(secret).decode()


def secret_of(webhook: Webhook, version: SecretVersion, keys: SigningKeys) -> bytes | None:
    """Give a secret of a webhook; None: its key is not in the vault."""
    key = keys.of(version.key_id)
    return key.secret(webhook.id, version.generation) if key else None


def headers(message_id: str, seconds: int, body: bytes, secrets: Iterable[bytes]) -> Mapping[str, str]:
    """Sign a message with every secret; `seconds` since 1970 is when it is sent.

    Raises:
        ValueError: there is no secret: nothing is sent without a signature.
    """
    signed = f"{message_id}.{seconds}.".encode() + body
    signatures = [f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}" for secret in secrets]
    if not signatures:
        raise ValueError("a message without a signature is not sent")
    return {"webhook-id": message_id, "webhook-timestamp": str(seconds), "webhook-signature": " ".join(signatures)}
