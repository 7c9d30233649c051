"""Checks bearer tokens for `validate-azure-ad-token` and `validate-jwt`: signature, times, audience, issuer, claims.

Documented by Microsoft: the reasons TokenNotPresent, TokenSignatureInvalid, TokenAudienceNotAllowed,
TokenIssuerNotAllowed, TokenExpired, TokenSignatureKeyNotFound, TokenClaimNotFound, TokenClaimValueNotAllowed and
JwtInvalid; no clock skew by default; issuers that are not listed are the one of the OpenID configuration.
Chosen, where nothing is documented:
- A token of the future fails with TokenNotYetValid, a token without `exp` with JwtInvalid.
- A token without key id fails with TokenSignatureKeyNotFound; so does one that brings its key along (`jwk`, `jku`).
- An algorithm that the key is not for, and every one with a secret or none, fails with TokenSignatureInvalid.
- A token over 16 KiB, two tokens in one header, and a claim that stands twice fail with JwtInvalid.
- An application that is not listed (`azp`, in tokens 1.0 `appid`) fails with TokenClaimValueNotAllowed.
- Keys that cannot be fetched fail with OpenIdConfigurationUnavailable and 503: the caller's token is not at fault.
"""

import json
import re
import time
import uuid
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import jwt

from local.apim.context import Jwt
from local.apim.errors import Place, PolicyFailed, PolicyRefused
from local.apim.signing_keys import Fetch, KeysUnavailable, Published, SigningKeys
from local.names import LOGIN_HOST

MAX_TOKEN_OCTETS = 16 * 1024
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII)
_ENDLESS = 1e15  # seconds
_SIGNATURES = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class RequiredClaim:
    """A claim that a token must have, with all of the values or any of them; no values: any value at all."""

    name: str
    values: tuple[str, ...] = ()
    any_value: bool = False
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token whose signature holds, and what else of it is checked at each use."""

    jwt: Jwt
    expires: float
    not_before: float
    published: Published


class _Refused(Exception):
    """A token does not hold: API Management's reason, and a text."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


class TokenChecker:
    """Checks tokens, and remembers those whose signature held as long as the issuer publishes the same keys."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        remembered_tokens: int = 2048,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._remembered_tokens, self._now, self._clock = fetch, remembered_tokens, now, clock
        self._keys: dict[str, SigningKeys] = {}
        self._verified: OrderedDict[tuple[str, str], _Verified] = OrderedDict()

    async def check(
        self,
        authorization: str | None,
        *,
        source: str,
        configurations: Sequence[str],
        audiences: Sequence[str],
        issuers: Sequence[str],
        claims: Sequence[RequiredClaim] = (),
        clock_skew: int = 0,
        tenant: str = "",
        applications: Sequence[str] = (),
    ) -> Jwt:
        """Check a token, with or without `Bearer` before it.

        `configurations` are URLs of OpenID configurations, of which one must have the key; no `audiences` or
        `applications`: not checked; no `issuers`: the configuration's own.

        Raises:
            PolicyFailed: 401 with the reason, or 503 when an issuer's keys cannot be had.
        """
        try:
            token = _bearer(authorization)
            verified = await self._verify(token, configurations)
            self._check_times(verified, clock_skew)
            held = verified.jwt.claims
            _check_listed(held.get("aud", ()), audiences, "TokenAudienceNotAllowed", "Audience")
            _check_listed(
                held.get("iss", ()), issuers or [verified.published.issuer], "TokenIssuerNotAllowed", "Issuer"
            )
            for claim in (RequiredClaim("tid", (tenant,)), *claims) if tenant else claims:
                _check_claim(held, claim)
            caller = held.get("azp") or held.get("appid") or ()
            _check_listed(caller, applications, "TokenClaimValueNotAllowed", "Client application")
        except _Refused as refused:
            raise PolicyFailed(source, refused.reason, refused.message, status=401) from refused
        except KeysUnavailable as error:
            message = f"Signing keys are not available. {error}"
            raise PolicyFailed(source, "OpenIdConfigurationUnavailable", message, status=503) from error
        return verified.jwt

    async def _verify(self, token: str, configurations: Sequence[str]) -> _Verified:
        for url in configurations:
            known = self._verified.get((url, token))
            if known is not None and known.published is await self._keys[url].current():
                self._verified.move_to_end((url, token))
                return known
        return await self._verify_signature(token, configurations)

    async def _verify_signature(self, token: str, configurations: Sequence[str]) -> _Verified:
        head, payload, _ = token.split(".")
        header = _json_object(head)
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise _Refused("TokenSignatureKeyNotFound", "The token does not name the key that it is signed with.")
        for url in configurations:
            keys = self._keys.setdefault(url, SigningKeys(url, self._fetch, self._clock))
            key = await keys.key(key_id)
            if key is None:
                continue
            try:
                _SIGNATURES.decode_complete(token, key.key, list(key.algorithms))
            except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError) as error:
                raise _Refused("TokenSignatureInvalid", f"The token's signature does not hold: {error}.") from error
            except jwt.PyJWTError as error:
                raise _Refused("JwtInvalid", f"The token is not a valid JWT: {error}.") from error
            verified = _read(_json_object(payload), header["alg"], await keys.current())
            self._remember((url, token), verified)
            return verified
        raise _Refused("TokenSignatureKeyNotFound", "The token is signed with a key that its issuer does not publish.")

    def _remember(self, key: tuple[str, str], verified: _Verified) -> None:
        self._verified[key] = verified
        if len(self._verified) > self._remembered_tokens:
            self._verified.popitem(last=False)

    def _check_times(self, verified: _Verified, skew: int) -> None:
        now = self._now()
        if verified.expires + skew <= now:
            raise _Refused("TokenExpired", "The token is expired.")
        if verified.not_before - skew > now:
            raise _Refused("TokenNotYetValid", "The token is not valid yet.")


def _bearer(authorization: str | None) -> str:
    """Take the token out of a header's values, joined by commas if there are several."""
    parts = (authorization or "").split()
    if not parts or [part.lower() for part in parts] == ["bearer"]:
        raise _Refused("TokenNotPresent", "JWT not present.")
    token = parts[-1]
    if len(parts) > 1 and parts[0].lower() != "bearer":
        raise _Refused("TokenNotPresent", f"JWT not present: {parts[0][:20]} is another scheme.")
    if len(token) > MAX_TOKEN_OCTETS:
        raise _Refused("JwtInvalid", f"The token is over {MAX_TOKEN_OCTETS} bytes.")
    if len(parts) > 2 or "," in token:
        raise _Refused("JwtInvalid", "There is more than one token.")
    if not _COMPACT.fullmatch(token):
        raise _Refused("JwtInvalid", "The token is not three parts of base64url.")
    return token


def _json_object(part: str) -> dict[str, Any]:
    try:
        text = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _Refused("JwtInvalid", f"The token cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise _Refused("JwtInvalid", "The token is not made of JSON objects.")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in it")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _read(claims: Mapping[str, Any], algorithm: str, published: Published) -> _Verified:
    for name in ("exp", "nbf"):
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -_ENDLESS < value < _ENDLESS:
            raise _Refused("JwtInvalid", f"The token's {name} is not a time.")
    if "exp" not in claims:
        raise _Refused("JwtInvalid", "The token has no exp.")
    values = {name: list(_texts(value)) for name, value in claims.items()}
    shown = Jwt({name: found for name, found in values.items() if found}, algorithm)
    return _Verified(shown, claims["exp"], claims.get("nbf", float("-inf")), published)


def _texts(value: object) -> Iterable[str]:
    """Show a claim as text: one for each item of a list, JSON for what is neither text nor list, "" for null."""
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            yield ""
        else:
            yield item if isinstance(item, str) else json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def _check_listed(held: Sequence[str], allowed: Sequence[str], reason: str, what: str) -> None:
    if allowed and not any(value in allowed for value in held):
        raise _Refused(reason, f"{what} {', '.join(held) or 'of none'} is not allowed.")


def _check_claim(held: Mapping[str, Sequence[str]], claim: RequiredClaim) -> None:
    found = held.get(claim.name)
    if found is None:
        raise _Refused("TokenClaimNotFound", f"The token has no claim {claim.name}.")
    if claim.separator:
        found = [part for value in found for part in value.split(claim.separator)]
    enough = any if claim.any_value else all
    if claim.values and not enough(value in found for value in claim.values):
        raise _Refused("TokenClaimValueNotAllowed", f"The token's claim {claim.name} has not the value that it must.")


def check_tenant(tenant: str, place: Place) -> str:
    """Give the id of a tenant in small letters.

    Raises:
        PolicyRefused: it is `common`, `organizations`, a name, or anything else that pins no tenant.
    """
    try:
        return str(uuid.UUID(tenant)) if len(tenant) == 36 else _no_tenant(tenant, place)
    except ValueError:
        _no_tenant(tenant, place)


def _no_tenant(tenant: str, place: Place) -> NoReturn:
    raise PolicyRefused(place, f"{tenant!r} is not the id (a GUID) of one tenant: tokens of others would pass")


def entra_configuration(tenant: str) -> str:
    """Give the address of a tenant's OpenID configuration."""
    return f"https://{LOGIN_HOST}/{tenant}/v2.0/.well-known/openid-configuration"


def entra_issuers(tenant: str) -> list[str]:
    """Give the issuers of a tenant's tokens 2.0 and 1.0."""
    return [f"https://{LOGIN_HOST}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"]
