"""Who calls the workspace: an API key or a bearer token of the service's audience."""

from collections.abc import Collection
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Literal, Protocol

from starlette.requests import Request

from local.azure_quantum.errors import Unauthorized
from local.errors import TokenRefused

KEY_HEADER = "x-ms-quantum-api-key"
DATA_AUDIENCES = ("https://quantum.microsoft.com", "https://quantum.microsoft.com/")
MANAGEMENT_AUDIENCES = (
    "https://management.azure.com",
    "https://management.azure.com/",
    "https://management.core.windows.net",
    "https://management.core.windows.net/",
)


class Verifier(Protocol):
    """Checks tokens; local.identity.Issuer is one."""

    def verify(self, token: str, *, audiences: Collection[str]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Caller:
    """Who a job was made by, as createdBy and createdByType say it."""

    id: str
    kind: Literal["User", "Application", "ManagedIdentity", "Key"]


class Authentication:
    """Admits callers of the data plane by key or token, of the management plane by token."""

    def __init__(self, issuer: Verifier, api_keys: Collection[str]) -> None:
        self._issuer, self._api_keys = issuer, tuple(api_keys)
        self.disabled_keys: set[str] = set()
        self.keys_enabled = True

    def data_caller(self, request: Request) -> Caller:
        """Raises Unauthorized when neither key nor token holds."""
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return self._token_caller(request, DATA_AUDIENCES)
        if not any(compare_digest(key.encode(), known.encode()) for known in self._api_keys):
            raise Unauthorized
        if key in self.disabled_keys or not self.keys_enabled:
            raise Unauthorized
        return Caller(f"key-{self._api_keys.index(key) + 1}", "Key")

    def management_caller(self, request: Request) -> Caller:
        """Raises Unauthorized when the token does not hold for the management plane."""
        return self._token_caller(request, MANAGEMENT_AUDIENCES)

    def _token_caller(self, request: Request, audiences: Collection[str]) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized
        try:
            claims = self._issuer.verify(token.strip(), audiences=audiences)
        except TokenRefused as error:
            raise Unauthorized from error
        return Caller(str(claims.get("oid") or claims.get("sub") or ""), "Application")
