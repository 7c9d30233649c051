"""Function keys: who may call a function of which authorization level."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field


def _random_key() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one host; drawn anew at each start unless given."""

    master: str = field(default_factory=_random_key)
    host: str = field(default_factory=_random_key)
    of_functions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.master and self.host):
            raise ValueError("an empty key would let everybody in")

    def with_functions(self, names: Iterable[str]) -> "Keys":
        """Give each function that has none a key of its own."""
        return Keys(self.master, self.host, {name: self.of_functions.get(name) or _random_key() for name in names})

    def is_master(self, key: str | None) -> bool:
        """Tell whether this is the master key."""
        return _same(key, self.master)

    def admits(self, level: str, function: str, key: str | None) -> bool:
        """Tell whether a caller with this key may call a function of this authorization level."""
        if level == "anonymous":
            return True
        if self.is_master(key):
            return True
        return level == "function" and (_same(key, self.host) or _same(key, self.of_functions.get(function)))


def keys_from(master: str | None, host: str | None) -> Keys:
    """Take the keys that are given and draw the others."""
    return Keys(master or _random_key(), host or _random_key())


def _same(given: str | None, expected: str | None) -> bool:
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())
