"""Identity of the local cloud at the wire: the endpoints of Entra ID and App Service's managed identity."""

import hmac
import time
import uuid
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.errors import TokenRefused
from local.issuer import Issuer, TokenVersion
from local.names import (
    AUDIENCE,
    FUNCTIONS_AUDIENCE,
    ISSUER_V1,
    ISSUER_V2,
    LOGIN_HOST,
    STORAGE_HOSTS,
    TENANT_ID,
)

__all__ = ["Application", "Issuer", "Principal", "TokenRefused", "application", "managed_identity"]

TENANT_ALIASES = frozenset({TENANT_ID, "common", "organizations"})
# Resources that a token can be had for; each also with a slash at its end, as Entra ID takes both.
RESOURCES = frozenset(
    {
        AUDIENCE,
        FUNCTIONS_AUDIENCE,
        "https://storage.azure.com",
        *(f"https://{host}" for host in STORAGE_HOSTS.values()),
        "https://vault.azure.net",
        "https://quantum.microsoft.com",
        "https://management.azure.com",
        "https://management.core.windows.net",
    }
)
MANAGED_IDENTITY_LIFETIME_SECONDS = 24 * 3600
LIFETIME_SECONDS = 3600


@dataclass(frozen=True)
class Principal:
    """Who a token is for: the client id of an application or identity, and its object id in the tenant."""

    client_id: str
    object_id: str
    name: str = ""


@dataclass(frozen=True)
class Application(Principal):
    """An application that can sign in by a secret, with the roles of the job API granted to it."""

    secret: str = field(default="", repr=False, kw_only=True)
    roles: tuple[str, ...] = field(default=(), kw_only=True)


class _Refusal(Exception):
    """An answer of the token endpoint that is an error: status, OAuth error, AADSTS number and text."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


def token_version(audience: str) -> TokenVersion:
    """Tell the form of tokens for a resource: Azure's own services take 1.0, ours are registered for 2.0."""
    return "2.0" if audience in (AUDIENCE, FUNCTIONS_AUDIENCE) else "1.0"


def application(issuer: Issuer, clients: Iterable[Application]) -> Starlette:
    """Make login.microsoftonline.com: discovery documents, keys, and tokens by client credentials."""
    by_id = {client.client_id: client for client in clients}

    async def configuration(request: Request) -> Response:
        _known_tenant(request)
        return JSONResponse(_configuration(v2="/v2.0/" in request.url.path))

    async def keys(request: Request) -> Response:
        _known_tenant(request)
        return JSONResponse(issuer.jwks())

    async def token(request: Request) -> Response:
        _known_tenant(request)
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        return JSONResponse(_token(issuer, by_id, form | _basic(request)), headers={"Cache-Control": "no-store"})

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, _Refusal):
            raise error
        return _refusal_response(error)

    tenant = "/{tenant}"
    return Starlette(
        routes=[
            Route("/common/discovery/instance", _instance),
            Route(f"{tenant}/v2.0/.well-known/openid-configuration", configuration),
            Route(f"{tenant}/.well-known/openid-configuration", configuration),
            Route(f"{tenant}/discovery/v2.0/keys", keys),
            Route(f"{tenant}/discovery/keys", keys),
            Route(f"{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
            Route(f"{tenant}/oauth2/token", token, methods=["POST"]),
        ],
        exception_handlers={_Refusal: refused},
    )


async def _instance(request: Request) -> Response:
    """Answer msal's question which names this cloud goes by."""
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"https://{LOGIN_HOST}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": LOGIN_HOST, "preferred_cache": LOGIN_HOST, "aliases": [LOGIN_HOST]},
            ],
        }
    )


def _configuration(*, v2: bool) -> dict[str, Any]:
    base, infix = f"https://{LOGIN_HOST}/{TENANT_ID}", "/v2.0" if v2 else ""
    return {
        "issuer": ISSUER_V2 if v2 else ISSUER_V1,
        "authorization_endpoint": f"{base}/oauth2{infix}/authorize",
        "token_endpoint": f"{base}/oauth2{infix}/token",
        "jwks_uri": f"{base}/discovery{infix}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "NA",
        "cloud_instance_name": "microsoftonline.com",
    }


def _known_tenant(request: Request) -> None:
    tenant = request.path_params["tenant"]
    if tenant not in TENANT_ALIASES:
        text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        raise _Refusal(400, "invalid_tenant", 90002, text)


def _basic(request: Request) -> dict[str, str]:
    """Read client id and secret from an Authorization: Basic header (RFC 6749, 2.3.1)."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = b64decode(credentials, validate=True).decode().partition(":")
    except ValueError as error:
        raise _Refusal(401, "invalid_client", 7000215, "Invalid client secret provided.") from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _token(issuer: Issuer, clients: Mapping[str, Application], form: Mapping[str, str]) -> dict[str, Any]:
    for name in ("grant_type", "client_id"):
        if not form.get(name):
            text = f"The request body must contain the following parameter: '{name}'."
            raise _Refusal(400, "invalid_request", 900144, text)
    if form["grant_type"] != "client_credentials":
        text = f"The app requested an unsupported grant type '{form['grant_type']}'."
        raise _Refusal(400, "unsupported_grant_type", 70003, text)
    client = _authenticated(clients, form)
    audience = _requested_resource(form)
    access_token = issuer.issue(
        audience,
        subject=client.object_id,
        app_id=client.client_id,
        roles=client.roles if audience == AUDIENCE else (),
        name=client.name,
        lifetime_seconds=LIFETIME_SECONDS,
        version=token_version(audience),
    )
    lifetime = {"expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS}
    return {"token_type": "Bearer", **lifetime, "access_token": access_token}


def _authenticated(clients: Mapping[str, Application], form: Mapping[str, str]) -> Application:
    client = clients.get(form["client_id"].lower())
    if client is None:
        text = f"Application with identifier '{form['client_id']}' was not found in the directory '{TENANT_ID}'."
        raise _Refusal(400, "unauthorized_client", 700016, text)
    if "client_secret" not in form:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise _Refusal(401, "invalid_client", 7000218, text)
    if not hmac.compare_digest(form["client_secret"].encode(), client.secret.encode()):
        text = f"Invalid client secret provided for app '{client.client_id}'."
        raise _Refusal(401, "invalid_client", 7000215, text)
    return client


def _requested_resource(form: Mapping[str, str]) -> str:
    """Read the audience from `resource` (endpoint v1) or from `scope` without its /.default (v2)."""
    resource = form.get("resource", "")
    if not resource:
        scope = form.get("scope", "")
        if not scope.endswith("/.default") or " " in scope:
            text = f"The provided value for scope {scope} is not valid. It must be the resource and '/.default'."
            raise _Refusal(400, "invalid_scope", 1002012, text)
        resource = scope.removesuffix("/.default")
    if resource.removesuffix("/") not in RESOURCES:
        text = f"The resource principal named {resource} was not found in the tenant '{TENANT_ID}'."
        raise _Refusal(400, "invalid_resource", 500011, text)
    return resource


def _refusal_response(refusal: _Refusal) -> Response:
    trace, correlation, now = str(uuid.uuid4()), str(uuid.uuid4()), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
    description = f"AADSTS{refusal.number}: {refusal.text}"
    return JSONResponse(
        {
            "error": refusal.error,
            "error_description": f"{description} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}",
            "error_codes": [refusal.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{LOGIN_HOST}/error?code={refusal.number}",
        },
        status_code=refusal.status,
        headers={"Cache-Control": "no-store"},
    )


def managed_identity(issuer: Issuer, principals: Mapping[str, Principal]) -> Starlette:
    """Make the IDENTITY_ENDPOINT of App Service and Functions, api-version 2019-08-01, at `/msi/token`.

    One endpoint serves every app of the cloud: each has a secret of its own (IDENTITY_HEADER), by which `principals`
    tells whose identity is asked for.
    """

    async def token(request: Request) -> Response:
        query = request.query_params
        principal = _principal(principals, request.headers.get("x-identity-header", ""))
        if principal is None:
            return _identity_error(401, "The X-IDENTITY-HEADER header is missing or wrong.")
        if query.get("api-version") != "2019-08-01":
            return _identity_error(400, "The api-version must be 2019-08-01.")
        if query.get("client_id", principal.client_id).lower() != principal.client_id:
            return _identity_error(400, "Unable to load requested managed identity.")
        resource = query.get("resource", "")
        if resource.removesuffix("/") not in RESOURCES:
            return _identity_error(400, f"The resource principal named {resource!r} was not found in the tenant.")
        return JSONResponse(_identity_token(issuer, principal, resource), headers={"Cache-Control": "no-store"})

    return Starlette(routes=[Route("/msi/token", token)])


def _principal(principals: Mapping[str, Principal], given: str) -> Principal | None:
    """Find whose secret was given, comparing it with each in full."""
    found = [who for secret, who in principals.items() if hmac.compare_digest(given.encode(), secret.encode())]
    return found[0] if found else None


def _identity_token(issuer: Issuer, principal: Principal, resource: str) -> dict[str, str]:
    access_token = issuer.issue(
        resource,
        subject=principal.object_id,
        app_id=principal.client_id,
        lifetime_seconds=MANAGED_IDENTITY_LIFETIME_SECONDS,
        version=token_version(resource),
    )
    return {
        "access_token": access_token,
        "client_id": principal.client_id,
        "expires_on": str(int(time.time()) + MANAGED_IDENTITY_LIFETIME_SECONDS),
        "resource": resource,
        "token_type": "Bearer",
    }


def _identity_error(status: int, message: str) -> Response:
    return JSONResponse(
        {"statusCode": status, "message": message, "correlationId": str(uuid.uuid4())}, status_code=status
    )
