"""The workspace's door to Blob Storage: containers, blobs and the shared access signatures it hands out."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

from azure.storage.blob import (
    AccountSasPermissions,
    BlobSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from local.azure_quantum.connections import Connections, NoAnswer
from local.azure_quantum.errors import BlobFault

STORAGE_VERSION = "2021-12-02"
SAS_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class StorageAccount:
    """The account linked with the workspace.

    `url` is where it is reached; `public_url` is what clients are told, the real name of the account unless given.
    """

    name: str
    key: str
    url: str
    public_url: str = ""

    @property
    def host(self) -> str:
        return f"{self.name}.blob.core.windows.net"

    @property
    def public(self) -> str:
        return self.public_url or f"https://{self.host}"


@dataclass(frozen=True)
class BlobAddress:
    """A container or blob of the account, and the signature that came with it."""

    container: str
    blob: str = ""
    sas: str = ""


class BlobDoor:
    """Reads and writes blobs of one account, by a caller's signature or the account's key."""

    def __init__(self, account: StorageAccount, *, verify: ssl.SSLContext | None = None) -> None:
        self._account = account
        self._connections = Connections(account.url, tls=verify, server_name=account.host)
        self._own_sas, self._own_sas_ends = "", datetime.fromtimestamp(0, UTC)

    async def close(self) -> None:
        await self._connections.close()

    def address(self, uri: str) -> BlobAddress | None:
        """Take a URI of this account apart; None for any other account or form."""
        parts, public = urlsplit(uri), urlsplit(self._account.public)
        prefixes = {self._account.host: "/", public.hostname: f"{public.path}/"}
        prefix = prefixes.get(parts.hostname)
        if prefix is None or not parts.path.startswith(prefix):
            return None
        container, _, blob = unquote(parts.path.removeprefix(prefix)).partition("/")
        return BlobAddress(container, blob, parts.query) if container else None

    async def create_container(self, container: str) -> None:
        """Create a container unless there is one; raises BlobFault."""
        await self._send("PUT", f"/{quote(container)}?restype=container", self._account_sas(), accepted={201, 409})

    async def read(self, address: BlobAddress) -> bytes:
        """Give a blob's content; raises BlobFault."""
        return await self._send("GET", _path(address), address.sas or self._account_sas(), accepted={200})

    async def write(self, address: BlobAddress, content: bytes, content_type: str) -> None:
        """Write a block blob, replacing what was there; raises BlobFault."""
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": content_type}
        sas = address.sas or self._account_sas()
        await self._send("PUT", _path(address), sas, accepted={201}, headers=headers, content=content)

    async def _send(
        self,
        method: str,
        path: str,
        sas: str,
        *,
        accepted: set[int],
        headers: dict[str, str] | None = None,
        content: bytes = b"",
    ) -> bytes:
        target = f"{path}{'&' if '?' in path else '?'}{sas}"
        sent = {"Host": self._account.host, "x-ms-version": STORAGE_VERSION} | (headers or {})
        try:
            answer = await self._connections.send(method, target, sent, content)
        except (NoAnswer, TimeoutError) as error:
            raise BlobFault(f"{method} {path}: storage does not answer ({error}).") from error
        if answer.status not in accepted:
            reason = answer.headers.get("x-ms-error-code", "")
            fault = f"{method} {path}: storage answered {answer.status} {reason}."
            raise BlobFault(fault, is_request_wrong=answer.status == 400)
        return answer.body

    def uri(self, container: str, blob: str = "") -> str:
        """Give the URI that clients use, without a signature."""
        return f"{self._account.public}/{quote(container)}{'/' if blob else ''}{quote(blob)}"

    def output_uri(self, container: str, blob: str) -> str:
        """Give the URI of an output as the service writes it: with the port."""
        parts = urlsplit(self.uri(container, blob))
        return parts._replace(netloc=parts.netloc if parts.port else f"{parts.netloc}:443").geturl()

    def container_sas(self, container: str, permissions: str) -> str:
        """Sign a container with the account's key; permissions are letters, as rwdl."""
        return generate_container_sas(
            self._account.name,
            container,
            self._account.key,
            permission=ContainerSasPermissions.from_string(permissions),
            expiry=_expiry(),
        )

    def blob_sas(self, container: str, blob: str, permissions: str, file_name: str = "") -> str:
        """Sign a blob with the account's key; `file_name` is what a browser saves it as."""
        return generate_blob_sas(
            self._account.name,
            container,
            blob,
            account_key=self._account.key,
            permission=BlobSasPermissions.from_string(permissions),
            expiry=_expiry(),
            content_disposition=f"attachment; filename={file_name}" if file_name else None,
        )

    def _account_sas(self) -> str:
        """Give the workspace's own signature, renewed an hour before its end."""
        if datetime.now(UTC) > self._own_sas_ends - timedelta(hours=1):
            self._own_sas_ends = _expiry()
            self._own_sas = generate_account_sas(
                self._account.name,
                self._account.key,
                ResourceTypes(container=True, object=True),
                AccountSasPermissions(read=True, write=True, create=True, list=True),
                self._own_sas_ends,
            )
        return self._own_sas


def _expiry() -> datetime:
    return datetime.now(UTC) + SAS_LIFETIME


def _path(address: BlobAddress) -> str:
    return f"/{quote(address.container)}/{quote(address.blob)}"
