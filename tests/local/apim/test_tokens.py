"""Checking tokens as validate-azure-ad-token and validate-jwt do: what holds, and every way in which one does not."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local.apim.context import Jwt
from local.apim.errors import Place, PolicyFailed, PolicyRefused
from local.apim.signing_keys import KeysUnavailable, https_fetch, signing_key
from local.apim.tokens import (
    MAX_TOKEN_OCTETS,
    RequiredClaim,
    TokenChecker,
    check_tenant,
    entra_configuration,
    entra_issuers,
)
from local.issuer import Issuer
from local.names import AUDIENCE, TENANT_ID

OTHER_TENANT = "99999999-9999-4999-8999-999999999999"
PERSON = {"subject": "44444444-4444-4444-8444-444444444444", "app_id": "33333333-3333-4333-8333-333333333333"}
URL = entra_configuration(TENANT_ID)
KEYS_URL = "https://login.microsoftonline.com/keys"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER = Issuer(KEY)
KEY_ID = ISSUER.jwks()["keys"][0]["kid"]


class Login:
    """What the issuer publishes, and how often it was asked; `wait` holds answers back, `down` is a failure."""

    def __init__(self, keys: Sequence[dict[str, Any]] = ()) -> None:
        self.keys = list(keys) or ISSUER.jwks()["keys"]
        self.asked: list[str] = []
        self.down = False
        self.wait: asyncio.Event | None = None

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.wait:
            await self.wait.wait()
        if self.down:
            raise KeysUnavailable("the issuer is down")
        if url == KEYS_URL:
            return json.dumps({"keys": self.keys}).encode()
        return json.dumps({"issuer": entra_issuers(TENANT_ID)[0], "jwks_uri": KEYS_URL}).encode()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def checker(login: Login | None = None, **options: Any) -> TokenChecker:
    return TokenChecker((login or Login()).fetch, **options)


def check(token: str | None, using: TokenChecker | None = None, **changes: Any) -> Jwt:
    return asyncio.run(checking(using or checker(), token, **changes))


async def checking(using: TokenChecker, token: str | None, **changes: Any) -> Jwt:
    wanted: dict[str, Any] = {
        "source": "validate-azure-ad-token",
        "configurations": [URL],
        "audiences": [AUDIENCE],
        "issuers": entra_issuers(TENANT_ID),
        "tenant": TENANT_ID,
    } | changes
    return await using.check(token, **wanted)


def refusal(token: str | None, using: TokenChecker | None = None, **changes: Any) -> str:
    with pytest.raises(PolicyFailed) as failure:
        check(token, using, **changes)
    assert (failure.value.source, failure.value.status) == ("validate-azure-ad-token", 401)
    return failure.value.reason


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a token that holds, with changes; None takes one away."""
    held = jwt.decode(ISSUER.issue(AUDIENCE, **PERSON), options={"verify_signature": False}) | changes
    return {name: value for name, value in held.items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str | None = KEY_ID, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def signed_text(payload: str, header: str = "") -> str:
    """Sign texts that no library would write."""
    head = header or json.dumps({"alg": "RS256", "kid": KEY_ID})
    signer = jwt.get_algorithm_by_name("RS256")
    part = f"{encoded(head)}.{encoded(payload)}"
    return f"{part}.{urlsafe_b64encode(signer.sign(part.encode(), KEY)).rstrip(b'=').decode()}"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer "])
def test_a_token_of_the_tenant_holds_in_both_versions_with_or_without_its_scheme(version: Any, scheme: str) -> None:
    token = ISSUER.issue(AUDIENCE, **PERSON, roles=["Jobs.Submit", "Jobs.Admin"], version=version)
    held = check(scheme + token)
    assert held.claims["roles"] == ["Jobs.Submit", "Jobs.Admin"]
    assert (held.claim("roles"), held.claim("oid"), held.algorithm) == (
        "Jobs.Submit,Jobs.Admin",
        PERSON["subject"],
        "RS256",
    )


def test_claims_are_shown_as_texts() -> None:
    held = check(
        signed(
            yes=True,
            no=False,
            whole=7,
            part=1.5,
            nothing=None,
            several=[1, "a", True, None],
            inner={"a": [1]},
            empty=[],
        )
    ).claims
    assert [held[name] for name in ("yes", "no", "whole", "part", "several", "inner")] == [
        ["true"],
        ["false"],
        ["7"],
        ["1.5"],
        ["1", "a", "true", ""],
        ['{"a":[1]}'],
    ]
    assert "empty" not in held
    assert check(signed_text(json.dumps(claims() | {"none": None}))).claims["none"] == [""]


NOW = int(time.time())
REFUSALS: dict[str, tuple[Callable[[], str | None], str]] = {
    "no header": (lambda: None, "TokenNotPresent"),
    "an empty header": (lambda: "", "TokenNotPresent"),
    "a scheme alone": (lambda: "Bearer ", "TokenNotPresent"),
    "another scheme": (lambda: "Basic dXNlcjpwYXNz", "TokenNotPresent"),
    "two headers": (lambda: f"Bearer {signed()},Bearer {signed()}", "JwtInvalid"),
    "two tokens": (lambda: f"Bearer {signed()}, Bearer {signed()}", "JwtInvalid"),
    "two tokens without scheme": (lambda: f"Bearer {signed()},{signed()}", "JwtInvalid"),
    "a token and more": (lambda: f"Bearer {signed()} {signed()}", "JwtInvalid"),
    "no token": (lambda: "Bearer x", "JwtInvalid"),
    "four parts": (lambda: f"Bearer {signed()}.x", "JwtInvalid"),
    "a truncated token": (lambda: signed()[:-10], "TokenSignatureInvalid"),
    "a token without signature": (lambda: signed().rpartition(".")[0] + ".", "TokenSignatureInvalid"),
    "two parts": (lambda: signed().rpartition(".")[0], "JwtInvalid"),
    "an oversized token": (lambda: signed(more="x" * MAX_TOKEN_OCTETS), "JwtInvalid"),
    "a token that is not ASCII": (lambda: signed() + "\u00e9", "JwtInvalid"),
    "full-width letters": (lambda: "\uff21.\uff21.\uff21", "JwtInvalid"),
    "a padded token": (lambda: signed() + "==", "JwtInvalid"),
    "another audience": (lambda: signed(aud="api://other"), "TokenAudienceNotAllowed"),
    "no audience": (lambda: signed(aud=None), "TokenAudienceNotAllowed"),
    "an audience in other letters": (lambda: signed(aud=AUDIENCE.upper()), "TokenAudienceNotAllowed"),
    "another issuer": (lambda: signed(iss="https://example.com"), "TokenIssuerNotAllowed"),
    "no issuer": (lambda: signed(iss=None), "TokenIssuerNotAllowed"),
    "an issuer of another tenant": (lambda: signed(iss=entra_issuers(OTHER_TENANT)[0]), "TokenIssuerNotAllowed"),
    "another tenant": (lambda: signed(tid=OTHER_TENANT), "TokenClaimValueNotAllowed"),
    "no tenant": (lambda: signed(tid=None), "TokenClaimNotFound"),
    "an expired token": (lambda: signed(exp=NOW - 1), "TokenExpired"),
    "no expiry": (lambda: signed(exp=None), "JwtInvalid"),
    "an expiry in words": (lambda: signed_text(json.dumps(claims() | {"exp": "never"})), "JwtInvalid"),
    "an expiry that is true": (lambda: signed_text(json.dumps(claims() | {"exp": True})), "JwtInvalid"),
    "an endless expiry": (lambda: signed_text(json.dumps(claims())[:-1] + ', "exp": 1e999}'), "JwtInvalid"),
    "an infinite expiry": (lambda: signed_text(json.dumps(claims() | {"exp": float("inf")})), "JwtInvalid"),
    "a token of the future": (lambda: signed(nbf=NOW + 60), "TokenNotYetValid"),
    "another key": (lambda: signed(STRANGER), "TokenSignatureInvalid"),
    "an unknown key": (lambda: signed(STRANGER, kid="unknown"), "TokenSignatureKeyNotFound"),
    "no key id": (lambda: signed(kid=None), "TokenSignatureKeyNotFound"),
    "a key id that is a number": (
        lambda: signed_text(json.dumps(claims()), '{"alg":"RS256","kid":1}'),
        "TokenSignatureKeyNotFound",
    ),
    "no algorithm": (lambda: signed_text(json.dumps(claims()), json.dumps({"kid": KEY_ID})), "TokenSignatureInvalid"),
    "the algorithm none": (lambda: jwt.encode(claims(), None, "none", {"kid": KEY_ID}), "TokenSignatureInvalid"),
    "the algorithm None in other letters": (
        lambda: f"{encoded(json.dumps({'alg': 'nOnE', 'kid': KEY_ID}))}.{encoded(json.dumps(claims()))}.",
        "TokenSignatureInvalid",
    ),
    "the public key as a secret": (lambda: signed_as_secret(), "TokenSignatureInvalid"),
    "a key brought along": (lambda: signed_with(STRANGER, jwk=ISSUER.jwks()["keys"][0]), "TokenSignatureKeyNotFound"),
    "a key brought along under a known id": (
        lambda: signed_with(STRANGER, kid=KEY_ID, jwk=Issuer(STRANGER).jwks()["keys"][0]),
        "TokenSignatureInvalid",
    ),
    "an address of keys": (lambda: signed_with(STRANGER, jku="https://example.com/keys"), "TokenSignatureKeyNotFound"),
    "a claim that stands twice": (
        lambda: signed_text(json.dumps(claims())[:-1] + f', "tid": "{OTHER_TENANT}"}}'),
        "JwtInvalid",
    ),
    "a header that stands twice": (
        lambda: signed_text(json.dumps(claims()), f'{{"alg":"RS256","kid":"{KEY_ID}","alg":"none"}}'),
        "JwtInvalid",
    ),
    "an extension that nobody knows": (lambda: signed_with(KEY, kid=KEY_ID, crit=["x"], x=1), "JwtInvalid"),
    "claims that are a list": (lambda: signed_text("[]"), "JwtInvalid"),
    "claims without end": (lambda: signed_text("[" * 10_000), "JwtInvalid"),
    "claims that are no text": (lambda: "Bearer e30." + "_-" * 8 + ".x", "TokenSignatureKeyNotFound"),
}


def signed_with(key: Any, **headers: Any) -> str:
    return jwt.encode(claims(), key, algorithm="RS256", headers=headers)


def signed_as_secret() -> str:
    """Take the public key's PEM as the secret of HS256: what a checker that lets the token choose would accept."""
    secret = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = encoded(json.dumps({"alg": "HS256", "kid": KEY_ID}))
    part = f"{header}.{encoded(json.dumps(claims()))}"
    signature = jwt.get_algorithm_by_name("HS256").sign(part.encode(), secret)
    return f"{part}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize("case", REFUSALS)
def test_what_does_not_hold_is_refused_for_its_reason(case: str) -> None:
    token, reason = REFUSALS[case]
    assert refusal(token()) == reason


def test_a_changed_letter_anywhere_is_refused() -> None:
    token = signed()
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert refusal(changed) in {"JwtInvalid", "TokenSignatureInvalid", "TokenSignatureKeyNotFound"}


def test_times_have_no_skew_unless_one_is_given() -> None:
    token = signed(exp=1000, nbf=500)
    for now, skew, reason in (
        (999, 0, ""),
        (1000, 0, "TokenExpired"),
        (1009, 10, ""),
        (1010, 10, "TokenExpired"),
        (500, 0, ""),
        (499, 0, "TokenNotYetValid"),
        (490, 10, ""),
        (489, 10, "TokenNotYetValid"),
    ):
        using = checker(now=lambda now=now: now)
        if reason:
            assert refusal(token, using, clock_skew=skew) == reason
        else:
            assert check(token, using, clock_skew=skew)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (RequiredClaim("roles"), ""),
        (RequiredClaim("roles", ("a", "b")), ""),
        (RequiredClaim("roles", ("a", "x")), "TokenClaimValueNotAllowed"),
        (RequiredClaim("roles", ("a", "x"), any_value=True), ""),
        (RequiredClaim("roles", ("x", "y"), any_value=True), "TokenClaimValueNotAllowed"),
        (RequiredClaim("roles", ("A",)), "TokenClaimValueNotAllowed"),
        (RequiredClaim("scp", ("read", "write"), separator=" "), ""),
        (RequiredClaim("scp", ("read",)), "TokenClaimValueNotAllowed"),
        (RequiredClaim("scp", ("rea",), separator=" "), "TokenClaimValueNotAllowed"),
        (RequiredClaim("flag", ("true",)), ""),
        (RequiredClaim("absent"), "TokenClaimNotFound"),
        (RequiredClaim("empty", any_value=True), "TokenClaimNotFound"),
    ],
)
def test_required_claims_are_held_against_the_values(claim: RequiredClaim, reason: str) -> None:
    token = signed(roles=["a", "b", "c"], scp="read write", flag=True, empty=[])
    if reason:
        assert refusal(token, claims=[claim]) == reason
    else:
        assert check(token, claims=[claim])


def test_one_of_several_audiences_is_enough_on_both_sides() -> None:
    assert check(signed(aud=["x", AUDIENCE]), audiences=["y", AUDIENCE])
    assert refusal(signed(aud=["x", "z"]), audiences=["y", AUDIENCE]) == "TokenAudienceNotAllowed"
    assert check(signed(aud="anything"), audiences=[])


def test_issuers_that_are_not_listed_are_the_one_of_the_configuration() -> None:
    assert check(signed(), issuers=[], tenant="")
    assert refusal(signed(iss=entra_issuers(TENANT_ID)[1]), issuers=[], tenant="") == "TokenIssuerNotAllowed"


def test_only_listed_applications_are_let_in() -> None:
    for version in ("1.0", "2.0"):
        token = ISSUER.issue(AUDIENCE, **PERSON, version=version)
        assert check(token, applications=[PERSON["app_id"]])
        assert refusal(token, applications=["other"]) == "TokenClaimValueNotAllowed"


RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def published(key: Any, **changes: Any) -> dict[str, Any]:
    """The public key as a member of a key set, without a word of its algorithm."""
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": "k"} | changes


@pytest.mark.parametrize("algorithm", RSA_ALGORITHMS)
def test_a_key_of_rsa_may_sign_with_all_of_its_algorithms_unless_it_names_one(algorithm: str) -> None:
    token = signed(KEY, algorithm, kid="k")
    assert check(token, checker(Login([published(KEY)]))).algorithm == algorithm
    bound = checker(Login([published(KEY, alg="RS256")]))
    if algorithm == "RS256":
        assert check(token, bound)
    else:
        assert refusal(token, bound) == "TokenSignatureInvalid"


@pytest.mark.parametrize("algorithm", CURVES)
def test_a_key_on_a_curve_signs_with_the_algorithm_of_that_curve(algorithm: str) -> None:
    key = ec.generate_private_key(CURVES[algorithm])
    using = checker(Login([published(key)]))
    assert check(signed(key, algorithm, kid="k"), using).algorithm == algorithm
    assert refusal(signed(KEY, "RS256", kid="k"), using) == "TokenSignatureInvalid"


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        published(KEY, use="enc"),
        published(KEY, n="?"),
        published(KEY, n=1),
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256"},
        {},
        published(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505 (too short on purpose)
        published(ec.generate_private_key(ec.SECP256K1())),
    ],
)
def test_keys_that_sign_nothing_here_are_passed_over(key: dict[str, Any]) -> None:
    assert signing_key(key) is None


def test_a_verified_token_costs_no_signature_again_and_is_held_to_each_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    now, login = Clock(), Login()
    now.now = time.time()
    using, token = checker(login, now=now), signed(roles=["a"])
    check(token, using)
    monkeypatch.setattr("local.apim.tokens._SIGNATURES", None)  # any further signature fails
    assert check(token, using)
    assert refusal(token, using, audiences=["api://other"]) == "TokenAudienceNotAllowed"
    assert refusal(token, using, claims=[RequiredClaim("roles", ("x",))]) == "TokenClaimValueNotAllowed"
    assert refusal(token, using, issuers=["x"]) == "TokenIssuerNotAllowed"
    assert refusal(token, using, tenant=OTHER_TENANT) == "TokenClaimValueNotAllowed"
    now.now += 3600
    assert refusal(token, using) == "TokenExpired"
    assert len(login.asked) == 2


def test_a_token_that_holds_by_one_issuers_keys_is_not_known_to_another() -> None:
    async def fetch(url: str) -> bytes:
        if not url.startswith("https://other/"):
            return await login.fetch(url)
        return other_keys if url.endswith("/keys") else configuration

    login, other_keys = Login(), json.dumps({"keys": [published(STRANGER, kid=KEY_ID)]}).encode()
    configuration = json.dumps({"issuer": entra_issuers(TENANT_ID)[0], "jwks_uri": "https://other/keys"}).encode()
    using, token = TokenChecker(fetch), signed()
    check(token, using)
    assert refusal(token, using, configurations=["https://other/configuration"]) == "TokenSignatureInvalid"


def test_the_memory_of_verified_tokens_is_bounded() -> None:
    using = checker(remembered_tokens=3)
    for number in range(6):
        check(signed(number=number), using)
    assert len(using._verified) == 3


def test_keys_are_fetched_once_in_an_hour() -> None:
    login, clock = Login(), Clock()
    using = checker(login, clock=clock)
    check(signed(), using)
    clock.now = 3599
    check(signed(number=1), using)
    assert len(login.asked) == 2
    clock.now = 3600
    check(signed(), using)
    assert len(login.asked) == 4


def test_a_key_that_is_published_no_more_ends_the_tokens_that_it_signed() -> None:
    login, clock = Login(), Clock()
    using, token = checker(login, clock=clock), signed()
    check(token, using)
    login.keys = [published(STRANGER)]
    clock.now = 3600
    assert refusal(token, using) == "TokenSignatureKeyNotFound"


def test_an_unknown_key_is_looked_for_once_in_five_minutes_and_then_known() -> None:
    login, clock = Login(), Clock()
    using = checker(login, clock=clock)
    check(signed(), using)
    for _ in range(3):
        assert refusal(signed(STRANGER, kid="new"), using) == "TokenSignatureKeyNotFound"
    assert len(login.asked) == 4
    login.keys.append(published(STRANGER, kid="new"))
    clock.now = 299
    assert refusal(signed(STRANGER, kid="new"), using) == "TokenSignatureKeyNotFound"
    clock.now = 300
    assert check(signed(STRANGER, kid="new"), using)
    assert len(login.asked) == 6


def test_callers_share_one_fetch_also_when_the_first_goes_away() -> None:
    async def scenario() -> int:
        login = Login()
        login.wait = asyncio.Event()
        using, token = checker(login), signed()
        calls = [asyncio.create_task(checking(using, token)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        calls[0].cancel()
        login.wait.set()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert all(isinstance(found, Jwt) for found in done[1:])
        return len(login.asked)

    assert asyncio.run(scenario()) == 2


def test_without_keys_it_is_not_the_callers_fault_and_the_issuer_is_not_asked_by_everybody() -> None:
    login, clock = Login(), Clock()
    login.down = True
    using = checker(login, clock=clock)
    for _ in range(3):
        with pytest.raises(PolicyFailed, match="the issuer is down") as failure:
            check(signed(), using)
        assert (failure.value.reason, failure.value.status) == ("OpenIdConfigurationUnavailable", 503)
    assert len(login.asked) == 1
    login.down, clock.now = False, 5
    assert check(signed(), using)


def test_keys_that_cannot_be_fetched_anew_stay_in_use() -> None:
    login, clock = Login(), Clock()
    using = checker(login, clock=clock)
    check(signed(), using)
    login.down, clock.now = True, 3600
    assert check(signed(), using)
    assert check(signed(number=2), using)
    assert len(login.asked) == 3


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"issuer": "x"}', b"\xff", b'{"issuer": "x", "jwks_uri": "u", "keys": 1}']
)
def test_a_configuration_that_is_none_is_told(answer: bytes) -> None:
    async def fetch(_: str) -> bytes:
        return answer

    with pytest.raises(PolicyFailed, match="Signing keys are not available") as failure:
        check(signed(), TokenChecker(fetch))
    assert failure.value.status == 503


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, content=b"fine"), ""),
        (httpx.Response(404), "answered 404"),
        (httpx.Response(302, headers={"Location": "https://elsewhere"}), "answered 302"),
        (httpx.Response(200, content=bytes(1024 * 1024 + 1)), "is over"),
        (httpx.ConnectError("refused"), "ConnectError refused"),
    ],
)
def test_fetching_tells_what_went_wrong(answer: httpx.Response | Exception, told: str) -> None:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def scenario() -> bytes:
        async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
            return await https_fetch(client)("https://login.microsoftonline.com/x")

    if told:
        with pytest.raises(KeysUnavailable, match=told):
            asyncio.run(scenario())
    else:
        assert asyncio.run(scenario()) == b"fine"


@pytest.mark.parametrize("tenant", ["common", "organizations", "", "contoso.com", "{" + TENANT_ID[1:], TENANT_ID + "0"])
def test_a_tenant_that_pins_nobody_is_refused_at_load(tenant: str) -> None:
    with pytest.raises(PolicyRefused, match=r"policy.xml:3 tenant-id: .*is not the id"):
        check_tenant(tenant, Place(Path("policy.xml"), 3, "tenant-id"))


def test_a_tenants_id_may_be_in_capitals() -> None:
    place = Place(Path("policy.xml"), 3)
    assert check_tenant("AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", place) == "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
