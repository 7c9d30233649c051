"""The test callers of the job API: applications of the local tenant, each with the roles that it was granted."""

import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from local.errors import UnknownCaller
from local.identity import Application, token_version
from local.issuer import Issuer
from local.names import AUDIENCE, ROLE_READ_ALL, ROLE_SUBMIT, TENANT_ID
from local.state import State

ROLES_OF_CALLERS: Final[Mapping[str, tuple[str, ...]]] = {
    "demo": (ROLE_SUBMIT,),
    "alice": (ROLE_SUBMIT,),
    "bob": (ROLE_SUBMIT,),
    "operator": (ROLE_READ_ALL,),
    "outsider": (),
}


def callers(state: State) -> dict[str, Application]:
    """Give the test callers by name; their secrets differ from one state folder to the next."""
    with state.locked():
        seed = state.read_or_make("callers.key", lambda: secrets.token_bytes(32))
    tenant = uuid.UUID(TENANT_ID)
    return {
        name: Application(
            client_id=str(uuid.uuid5(tenant, f"application {name}")),
            object_id=str(uuid.uuid5(tenant, f"principal {name}")),
            name=name,
            secret=hmac.digest(seed, name.encode(), "sha256").hex(),
            roles=roles,
        )
        for name, roles in ROLES_OF_CALLERS.items()
    }


def caller(state: State, name: str) -> Application:
    """Give one test caller; raises UnknownCaller listing those there are."""
    known = callers(state)
    if name not in known:
        raise UnknownCaller(f"No test caller is called {name!r}; there are {', '.join(known)}.")
    return known[name]


def token(
    issuer: Issuer,
    who: Application,
    *,
    audience: str = AUDIENCE,
    roles: Sequence[str] | None = None,
    lifetime_seconds: int = 3600,
) -> str:
    """Issue a caller's token without asking the token endpoint; `roles` replaces the granted ones."""
    return issuer.issue(
        audience,
        subject=who.object_id,
        app_id=who.client_id,
        roles=who.roles if roles is None else roles,
        name=who.name,
        lifetime_seconds=lifetime_seconds,
        version=token_version(audience),
    )
