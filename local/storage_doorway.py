"""What a connection to a storage service needs to know: who may pass, and how a table batch goes on to Azurite."""

import ssl
from collections.abc import Collection
from dataclasses import dataclass, field

from local.azurite import StorageAccount
from local.errors import TokenRefused
from local.faults import Faults
from local.issuer import Issuer
from local.names import STORAGE_HOSTS, StorageService
from local.request_stream import Head
from local.storage_errors import refusal
from local.table_batches import with_account_in_path
from local.wire import Counter


@dataclass(frozen=True)
class Doorway:
    """What every connection to one storage service needs to know."""

    service: StorageService
    host: str
    account: StorageAccount
    trust: ssl.SSLContext
    issuer: Issuer
    counter: Counter
    audiences: Collection[str]
    faults: Faults

    def check(self, head: Head) -> bytes | None:
        """Give the answer to a request that may not pass, or None."""
        host = (head.get(b"host") or b"").decode("latin-1").lower().removesuffix(":443")
        if host != self.host:
            text = f"The Host is {host!r}; this connection is to {self.host}."
            return refusal(self.service, 400, "InvalidHeaderValue", text)
        scheme, _, token = (head.get(b"authorization") or b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            # Azurite itself checks account keys and shared access signatures, and answers anonymous requests.
            return None
        try:
            self.issuer.verify(token.strip(), audiences=self.audiences)
        except TokenRefused as error:
            return refusal(self.service, 401, "InvalidAuthenticationInfo", error.reason)
        return None

    def is_batch(self, head: Head) -> bool:
        path = head.target.partition(b"?")[0]
        return self.service == "table" and head.method == b"POST" and path.endswith(b"/$batch")


def audiences_of(service: StorageService) -> frozenset[str]:
    """Give whom a token may be for that opens a service."""
    names = ("https://storage.azure.com", f"https://{STORAGE_HOSTS[service]}")
    return frozenset(f"{name}{slash}" for name in names for slash in ("", "/"))


@dataclass
class Batch:
    """A table batch on its way: it is rewritten, so it must be here whole before it goes on."""

    head: Head
    content: bytearray = field(default_factory=bytearray)

    def encode(self, doorway: Doorway) -> bytes:
        body = with_account_in_path(bytes(self.content), doorway.host, doorway.account.name)
        framing = (b"content-length", b"transfer-encoding", b"expect")
        fields = [(name, value) for name, value in self.head.fields if name.lower() not in framing]
        fields.append((b"Content-Length", str(len(body)).encode()))
        return Head(self.head.method, self.head.target, self.head.version, fields).encode() + body
