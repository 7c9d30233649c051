"""A stand-in for App Service authentication: checks bearer tokens of one tenant and tells the app who calls."""

import asyncio
import base64
import json
import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from local.functions_host.errors import HostError, SettingsError
from local.functions_host.http_messages import Request, Response
from local.functions_host.logs import LOGGER
from local.functions_host.platform_headers import without_identity
from local.names import AUDIENCE, TENANT_ID

if TYPE_CHECKING:
    from jwt import PyJWKClient

Mode = Literal["allow-anonymous", "return-401"]

_LOGIN = "https://login.microsoftonline.com"
_KEYS_FRESH_SECONDS = 3600.0
_KEYS_REFETCH_SECONDS = 30.0
_CLOCK_SKEW_SECONDS = 60
_CHECKED_SECONDS = 60  # a token that held is not checked again for so long, and never past its own end
_REMEMBERED_TOKENS = 1_000
_SCHEMAS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_NAME_TYPE = f"{_SCHEMAS}/emailaddress"
_ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
_CLAIM_TYPES = {  # App Service: its default mapping of claims
    "oid": "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "tid": "http://schemas.microsoft.com/identity/claims/tenantid",
    "sub": f"{_SCHEMAS}/nameidentifier",
    "email": f"{_SCHEMAS}/emailaddress",
}


@dataclass(frozen=True, slots=True)
class EasyAuthSettings:
    """Whom to let in; the defaults are the local cloud's tenant and API."""

    mode: Mode
    tenant: str = TENANT_ID
    audiences: frozenset[str] = frozenset({AUDIENCE, AUDIENCE.removeprefix("api://")})
    allowed_applications: frozenset[str] = frozenset()  # empty for all
    excluded_paths: frozenset[str] = frozenset()


def read_easy_auth(mode: Mode, environment: Mapping[str, str]) -> EasyAuthSettings:
    """Read EASY_AUTH_TENANT_ID, and comma-separated EASY_AUTH_AUDIENCES, _ALLOWED_APPLICATIONS and _EXCLUDED_PATHS.

    Raises:
        SettingsError: an excluded path does not start with a slash.
    """
    tenant = environment.get("EASY_AUTH_TENANT_ID") or TENANT_ID
    paths = _listed(environment, "EASY_AUTH_EXCLUDED_PATHS")
    wrong = [path for path in paths if not path.startswith("/")]
    if wrong:
        raise SettingsError(f"EASY_AUTH_EXCLUDED_PATHS: {wrong[0]!r} must start with a slash.")
    known = EasyAuthSettings(mode)
    return EasyAuthSettings(
        mode,
        tenant,
        _listed(environment, "EASY_AUTH_AUDIENCES") or known.audiences,
        _listed(environment, "EASY_AUTH_ALLOWED_APPLICATIONS"),
        paths,
    )


class KeysUnreachable(HostError):
    """The tenant's signing keys cannot be fetched."""


class EasyAuth:
    """The platform in front of the host, with authentication."""

    def __init__(self, settings: EasyAuthSettings, login_url: str = _LOGIN) -> None:
        self._settings = settings
        self._keys_url = f"{login_url}/{settings.tenant}/discovery/v2.0/keys"
        self._issuers = [f"{_LOGIN}/{settings.tenant}/v2.0", f"https://sts.windows.net/{settings.tenant}/"]
        self._fetched = float("-inf")
        self._keys: dict[object, Any] = {}
        self._fetching = asyncio.Lock()
        self._checked: dict[str, tuple[dict[str, Any], float]] = {}

    def prepare(self, environment: MutableMapping[str, str]) -> None:
        """Tell the app that authentication is on, as App Service does."""
        environment["WEBSITE_AUTH_ENABLED"] = "True"

    async def admit(self, request: Request) -> Request | Response:
        """Return the request with the caller's identity in its headers, or a refusal (503 without keys)."""
        headers = without_identity(request.headers)
        token = _bearer(headers.get("authorization", ""))
        if request.path in self._settings.excluded_paths:
            token = ""
        elif not token and self._settings.mode == "return-401":
            return _unauthorized(request)
        if token:
            try:
                claims = await self._claims(token)
            except KeysUnreachable as error:
                LOGGER.error("%s", error)
                return Response(503)
            if claims is None:
                return _unauthorized(request)
            if not self._may_call(claims):
                return Response(403)
            headers |= principal_headers(claims)
        return Request(request.method, request.scheme, request.path, request.query, headers, request.body)

    def _may_call(self, claims: Mapping[str, Any]) -> bool:
        allowed = self._settings.allowed_applications
        return not allowed or str(claims.get("azp") or claims.get("appid")) in allowed

    async def _claims(self, token: str) -> dict[str, Any] | None:
        known = self._checked.get(token)
        if known is not None and time.monotonic() < known[1]:
            return known[0]
        claims = await self._decoded(token)
        if claims is not None:
            if len(self._checked) >= _REMEMBERED_TOKENS:
                self._checked.clear()
            good_for = min(claims["exp"] + _CLOCK_SKEW_SECONDS - time.time(), _CHECKED_SECONDS)
            self._checked[token] = (claims, time.monotonic() + good_for)
        return claims

    async def _decoded(self, token: str) -> dict[str, Any] | None:
        import jwt

        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=list(self._settings.audiences),
                issuer=self._issuers,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise KeysUnreachable(f"Easy Auth cannot fetch {self._keys_url}: {error}") from error
        except jwt.PyJWTError as error:
            LOGGER.warning("Easy Auth refuses a token: %s", error)
            return None
        return claims

    async def _key(self, key_id: object) -> Any:
        import jwt

        async with self._fetching:
            age = time.monotonic() - self._fetched
            if age > _KEYS_FRESH_SECONDS or (key_id not in self._keys and age > _KEYS_REFETCH_SECONDS):
                found = await asyncio.to_thread(self._key_set.get_signing_keys, refresh=True)
                self._keys = {key.key_id: key.key for key in found}
                self._fetched = time.monotonic()
        if key_id not in self._keys:
            raise jwt.InvalidTokenError("it is signed with a key that the tenant does not publish")
        return self._keys[key_id]

    @cached_property
    def _key_set(self) -> "PyJWKClient":
        from jwt import PyJWKClient

        return PyJWKClient(self._keys_url, timeout=5)


def principal_headers(claims: Mapping[str, Any]) -> dict[str, str]:
    """The headers by which App Service tells the app who calls."""
    listed = [{"typ": _CLAIM_TYPES.get(name, name), "val": text} for name, text in _flat(claims)]
    principal = {"auth_typ": "aad", "claims": listed, "name_typ": _NAME_TYPE, "role_typ": _ROLE_TYPE}
    identifier = str(claims.get("oid") or claims.get("sub") or "")
    names = (claims.get(name) for name in ("preferred_username", "upn", "email", "name", "azp", "appid"))
    return {
        "x-ms-client-principal": base64.b64encode(json.dumps(principal).encode()).decode(),
        "x-ms-client-principal-id": identifier,
        "x-ms-client-principal-name": str(next((name for name in names if name), identifier)),
        "x-ms-client-principal-idp": "aad",
    }


def _flat(claims: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """One pair per value, as text; a list gives one each."""
    for name, value in claims.items():
        for item in value if isinstance(value, list) else [value]:
            yield name, item if isinstance(item, str) else json.dumps(item)


def _listed(environment: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(part.strip() for part in environment.get(name, "").split(",") if part.strip())


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _unauthorized(request: Request) -> Response:
    return Response(401, [("www-authenticate", f'Bearer realm="{request.headers.get("host", "")}"')])
