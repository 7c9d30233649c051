"""The token issuer of the local tenant: signs, verifies and publishes its key, as Entra ID does."""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.certificates import private_pem
from local.errors import StateCorrupt, TokenRefused
from local.names import ISSUER_V1, ISSUER_V2, TENANT_ID
from local.state import State

TokenVersion = Literal["1.0", "2.0"]


class Issuer:
    """Issues and verifies the tokens of the one tenant (RS256)."""

    def __init__(self, key: rsa.RSAPrivateKey, *, remembered_tokens: int = 1024) -> None:
        self._key, self._remembered_tokens = key, remembered_tokens
        public = key.public_key()
        numbers = public.public_numbers()
        self._jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "n": _number(numbers.n), "e": _number(numbers.e)}
        self._jwk["kid"] = _encoded(hashlib.sha256(self._jwk["n"].encode()).digest())
        self._public = public
        self._verified: OrderedDict[str, dict[str, Any]] = OrderedDict()

    @classmethod
    def of(cls, state: State) -> "Issuer":
        """Take the key from the state folder, made at the first start. Raises StateCorrupt."""
        with state.locked():
            pem = state.read_or_make("issuer.key", _new_key)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise StateCorrupt(state.folder / "issuer.key", "not readable as PEM") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise StateCorrupt(state.folder / "issuer.key", "not an RSA key")
        return cls(key)

    def issue(
        self,
        audience: str,
        *,
        subject: str,
        app_id: str,
        roles: Sequence[str] = (),
        name: str = "",
        lifetime_seconds: int = 3600,
        version: TokenVersion = "2.0",
        not_before: int | None = None,
    ) -> str:
        """Sign a token; `not_before` is in seconds since 1970 and is now unless given."""
        start = int(time.time()) if not_before is None else not_before
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": ISSUER_V1 if version == "1.0" else ISSUER_V2,
            "iat": start,
            "nbf": start,
            "exp": start + lifetime_seconds,
            "sub": subject,
            "oid": subject,
            "appid" if version == "1.0" else "azp": app_id,
            "tid": TENANT_ID,
            "ver": version,
        }
        claims |= {"roles": list(roles)} if roles else {}
        claims |= {"name": name} if name else {}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._jwk["kid"]})

    def verify(self, token: str, *, audiences: Collection[str]) -> dict[str, Any]:
        """Give the claims of a token that holds now for one of the audiences; raises TokenRefused."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._check_signature(token)
        now = time.time()
        if claims["exp"] <= now:
            raise TokenRefused("Lifetime validation failed. The token is expired.")
        if claims["nbf"] > now:
            raise TokenRefused("Lifetime validation failed. The token is not yet valid.")
        if claims["aud"] not in audiences:
            raise TokenRefused(f"Audience validation failed. The audience {claims['aud']!r} is not this service's.")
        return claims

    def _check_signature(self, token: str) -> dict[str, Any]:
        """Check what does not change with time or audience, and remember it."""
        required = ["exp", "nbf", "iat", "iss", "aud", "sub"]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                issuer=[ISSUER_V1, ISSUER_V2],
                options={"require": required, "verify_aud": False, "verify_exp": False, "verify_nbf": False},
            )
        except jwt.InvalidSignatureError as error:
            raise TokenRefused("Signature validation failed. The token is not of this issuer.") from error
        except jwt.InvalidIssuerError as error:
            raise TokenRefused("Issuer validation failed. The token is of another tenant.") from error
        except jwt.InvalidTokenError as error:
            raise TokenRefused(f"The token is not a valid JWT: {error}.") from error
        if not isinstance(claims["aud"], str):
            raise TokenRefused("Audience validation failed. The token must have one audience.")
        self._verified[token] = claims
        if len(self._verified) > self._remembered_tokens:
            self._verified.popitem(last=False)
        return claims

    def jwks(self) -> dict[str, Any]:
        """Give the public key as a JSON Web Key Set (RFC 7517)."""
        return {"keys": [self._jwk]}


def _new_key() -> bytes:
    return private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))
