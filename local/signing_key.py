"""The key that the vault of the local cloud holds for signing webhooks; another in each state folder."""

import base64
import secrets

from local.state import State


def signing_key(state: State) -> str:
    """Give the key, base64 of 32 random bytes, made at the first start."""
    with state.locked():
        return state.read_or_make("signing.key", lambda: base64.b64encode(secrets.token_bytes(32))).decode()
