"""The secrets of a key vault: get, set, update and list, with versions, behind the authentication challenge."""

import re
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.errors import TokenRefused
from local.issuer import Issuer
from local.names import KEY_VAULT_HOST, LOGIN_HOST, TENANT_ID

AUDIENCES: Final = ("https://vault.azure.net", "https://vault.azure.net/")
CHALLENGE: Final = f'Bearer authorization="https://{LOGIN_HOST}/{TENANT_ID}", resource="https://vault.azure.net"'
NAME: Final = re.compile(r"[0-9a-zA-Z-]{1,127}")
LARGEST_PAGE: Final = 25
LARGEST_VALUE_BYTES: Final = 25 * 1024

Handler = Callable[[Request], Awaitable[Response]]


class _Refusal(Exception):
    """An error of the vault's own shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Secret:
    """One version of a secret; times in seconds since 1970."""

    name: str
    value: str
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    not_before: int | None = None
    expires: int | None = None
    version: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))
    updated: int = field(default_factory=lambda: int(time.time()))

    def item(self, *, with_version: bool) -> dict[str, Any]:
        """Give the secret as lists show it: without its value."""
        identifier = f"https://{KEY_VAULT_HOST}/secrets/{self.name}"
        times = {"nbf": self.not_before, "exp": self.expires}
        optional = {"contentType": self.content_type, "tags": self.tags or None}
        return {
            "id": f"{identifier}/{self.version}" if with_version else identifier,
            "attributes": {
                "enabled": self.enabled,
                "created": self.created,
                "updated": self.updated,
                "recoveryLevel": "Purgeable",
                "recoverableDays": 0,
                **{name: value for name, value in times.items() if value is not None},
            },
            **{name: value for name, value in optional.items() if value is not None},
        }

    def change(self, body: Mapping[str, Any]) -> None:
        """Apply what a request states about the secret, its value apart."""
        attributes = _member(body, "attributes", dict) or {}
        enabled = _member(attributes, "enabled", bool)
        tags, content_type = _member(body, "tags", dict), _member(body, "contentType", str)
        self.enabled = self.enabled if enabled is None else enabled
        self.not_before = _member(attributes, "nbf", int) or self.not_before
        self.expires = _member(attributes, "exp", int) or self.expires
        self.tags = self.tags if tags is None else tags
        self.content_type = self.content_type if content_type is None else content_type
        self.updated = int(time.time())


class Vault:
    """All versions of all secrets, in memory, oldest first."""

    def __init__(self, seed: Mapping[str, str]) -> None:
        # What the local cloud seeds are settings, and those are JSON documents.
        self._secrets = {name: [Secret(name, value, "application/json")] for name, value in seed.items()}

    def get(self, name: str, version: str = "") -> Secret:
        """Give one version, the latest unless named; names do not tell upper from lower case."""
        for secret in reversed(self._secrets.get(name.lower(), [])):
            if version in ("", secret.version):
                return secret
        known = f"{name}/{version}" if version else name
        message = f"A secret with (name/id) {known} was not found in this key vault."
        raise _Refusal(404, "SecretNotFound", message)

    def add(self, secret: Secret) -> None:
        self._secrets.setdefault(secret.name.lower(), []).append(secret)

    def latest(self) -> Sequence[Secret]:
        return [versions[-1] for _, versions in sorted(self._secrets.items())]

    def versions(self, name: str) -> Sequence[Secret]:
        return self._secrets.get(name.lower(), [])


class _Operations:
    """What the vault does for each operation of its API."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def get(self, request: Request) -> Response:
        secret = self._named(request)
        if not secret.enabled:
            raise _Refusal(403, "Forbidden", "Operation get is not allowed on a disabled secret.")
        return JSONResponse({"value": secret.value, **secret.item(with_version=True)})

    async def put(self, request: Request) -> Response:
        body = await _json(request)
        secret = Secret(_valid_name(request), _valid_value(body))
        secret.change(body)
        self._vault.add(secret)
        return JSONResponse({"value": secret.value, **secret.item(with_version=True)})

    async def patch(self, request: Request) -> Response:
        secret = self._named(request)
        secret.change(await _json(request))
        return JSONResponse(secret.item(with_version=True))

    async def list_secrets(self, request: Request) -> Response:
        return _page(request, [secret.item(with_version=False) for secret in self._vault.latest()])

    async def list_versions(self, request: Request) -> Response:
        versions = self._vault.versions(request.path_params["name"])
        return _page(request, [secret.item(with_version=True) for secret in versions])

    async def not_built(self, request: Request) -> Response:
        message = f"{request.method} {request.url.path} is not built in the local cloud; see local/COVERAGE.md."
        raise _Refusal(501, "NotImplemented", message)

    def _named(self, request: Request) -> Secret:
        return self._vault.get(request.path_params["name"], request.path_params.get("version", ""))


def application(issuer: Issuer, seed: Mapping[str, str]) -> Starlette:
    """Make the vault; `seed` is secret name -> value, each a JSON document."""
    operations = _Operations(Vault(seed))

    def route(path: str, handler: Handler, *methods: str) -> Route:
        return Route(path, _guarded(issuer, handler), methods=methods)

    return Starlette(
        routes=[
            route("/secrets", operations.list_secrets, "GET"),
            route("/secrets/{name}/versions", operations.list_versions, "GET"),
            *(route(f"/secrets/{{name}}{end}", operations.get, "GET") for end in ("", "/", "/{version}")),
            route("/secrets/{name}", operations.put, "PUT"),
            *(route(f"/secrets/{{name}}{end}", operations.patch, "PATCH") for end in ("", "/", "/{version}")),
            route("/{path:path}", operations.not_built, "GET", "PUT", "PATCH", "POST", "DELETE"),
        ],
        exception_handlers={_Refusal: _refused},
    )


def _guarded(issuer: Issuer, handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        refusal = _authorize(issuer, request)
        if refusal is None and "api-version" not in request.query_params:
            raise _Refusal(400, "BadParameter", "The query parameter api-version is missing.")
        return refusal or await handler(request)

    return answer


def _authorize(issuer: Issuer, request: Request) -> Response | None:
    """Give the answer to a request without a good token: the challenge by which clients learn where to get one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return _unauthorized("AKV10000: Request is missing a Bearer or PoP token.", CHALLENGE)
    try:
        issuer.verify(token.strip(), audiences=AUDIENCES)
    except TokenRefused as error:
        return _unauthorized(f"AKV10022: {error.reason}", f'{CHALLENGE}, error="invalid_token"')
    return None


def _unauthorized(message: str, challenge: str) -> Response:
    return _error(401, "Unauthorized", message, {"WWW-Authenticate": challenge})


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, _Refusal):
        raise error
    return _error(error.status, error.code, error.message)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise _Refusal(400, "BadParameter", f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise _Refusal(400, "BadParameter", "The body must be a JSON object.")
    return body


def _member[T](body: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise _Refusal(400, "BadParameter", f"{name} must be of type {kind.__name__}.")
    return value


def _valid_name(request: Request) -> str:
    name: str = request.path_params["name"]
    if not NAME.fullmatch(name):
        raise _Refusal(400, "BadParameter", f"The secret name {name!r} must match ^{NAME.pattern}$.")
    return name


def _valid_value(body: Mapping[str, Any]) -> str:
    value = _member(body, "value", str)
    if value is None:
        raise _Refusal(400, "BadParameter", "The value of the secret is missing.")
    if len(value.encode()) > LARGEST_VALUE_BYTES:
        raise _Refusal(400, "BadParameter", f"The value has more than {LARGEST_VALUE_BYTES} bytes.")
    return value


def _page(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """Give one page and the link to the next; `maxresults` is at most and normally 25."""
    query = request.query_params
    try:
        start = int(urlsafe_b64decode(query["$skiptoken"])) if "$skiptoken" in query else 0
        size = int(query.get("maxresults", LARGEST_PAGE))
    except ValueError as error:
        raise _Refusal(400, "BadParameter", "maxresults or $skiptoken is not valid.") from error
    if not 1 <= size <= LARGEST_PAGE or start < 0:
        raise _Refusal(400, "BadParameter", f"maxresults must be 1 to {LARGEST_PAGE}.")
    link = None
    if start + size < len(items):
        token = urlsafe_b64encode(str(start + size).encode()).decode()
        following = {"api-version": query["api-version"], "$skiptoken": token, "maxresults": size}
        link = f"https://{KEY_VAULT_HOST}{request.url.path}?{urlencode(following)}"
    return JSONResponse({"value": items[start : start + size], "nextLink": link})
