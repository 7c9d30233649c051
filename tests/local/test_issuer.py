"""The token issuer."""

import time
from pathlib import Path

import jwt
import pytest

from local.errors import StateCorrupt, TokenRefused
from local.issuer import Issuer
from local.names import ISSUER_V1, ISSUER_V2, TENANT_ID
from local.state import State

VAULT = "https://vault.azure.net"
PERSON = {"subject": "44444444-4444-4444-8444-444444444444", "app_id": "33333333-3333-4333-8333-333333333333"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer.of(State(tmp_path_factory.mktemp("state")))


def test_a_token_verifies_for_its_audience_with_the_claims_of_its_version(issuer: Issuer) -> None:
    token = issuer.issue(VAULT, **PERSON, roles=["Jobs.Submit"], name="demo", version="1.0")
    claims = issuer.verify(token, audiences={VAULT})
    assert (claims["iss"], claims["aud"], claims["tid"], claims["ver"]) == (ISSUER_V1, VAULT, TENANT_ID, "1.0")
    assert (claims["sub"], claims["oid"], claims["appid"]) == (PERSON["subject"], PERSON["subject"], PERSON["app_id"])
    assert (claims["roles"], claims["name"]) == (["Jobs.Submit"], "demo")
    second = issuer.verify(issuer.issue(VAULT, **PERSON), audiences={VAULT})
    assert (second["iss"], second["azp"], "appid" in second, "roles" in second) == (
        ISSUER_V2,
        PERSON["app_id"],
        False,
        False,
    )


def test_a_token_for_another_audience_is_refused_also_after_it_was_accepted_for_its_own(issuer: Issuer) -> None:
    token = issuer.issue(VAULT, **PERSON)
    issuer.verify(token, audiences=[VAULT])
    with pytest.raises(TokenRefused, match="Audience validation failed"):
        issuer.verify(token, audiences=["https://storage.azure.com"])


def test_a_token_with_another_signature_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    stranger = Issuer.of(State(tmp_path / "other"))
    with pytest.raises(TokenRefused, match="Signature validation failed"):
        issuer.verify(stranger.issue(VAULT, **PERSON), audiences=[VAULT])


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(issuer: Issuer) -> None:
    claims = jwt.decode(issuer.issue(VAULT, **PERSON), options={"verify_signature": False})
    for forged in (jwt.encode(claims, "n" * 64, algorithm="HS256"), jwt.encode(claims, None, algorithm="none")):
        with pytest.raises(TokenRefused):
            issuer.verify(forged, audiences=[VAULT])


def test_an_expired_token_is_refused_even_if_it_was_accepted_before(issuer: Issuer) -> None:
    start = int(time.time()) - 10
    expired = issuer.issue(VAULT, **PERSON, not_before=start, lifetime_seconds=5)
    with pytest.raises(TokenRefused, match="expired"):
        issuer.verify(expired, audiences=[VAULT])
    with pytest.raises(TokenRefused, match="expired"):
        issuer.verify(expired, audiences=[VAULT])


def test_a_token_of_the_future_is_refused(issuer: Issuer) -> None:
    token = issuer.issue(VAULT, **PERSON, not_before=int(time.time()) + 60)
    with pytest.raises(TokenRefused, match="not yet valid"):
        issuer.verify(token, audiences=[VAULT])


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "\u00e9.\u00e9.\u00e9"])
def test_what_is_no_token_is_refused(issuer: Issuer, token: str) -> None:
    with pytest.raises(TokenRefused):
        issuer.verify(token, audiences=[VAULT])


def test_anyone_can_check_a_token_by_the_published_keys(issuer: Issuer) -> None:
    token = issuer.issue(VAULT, **PERSON)
    keys = jwt.PyJWKSet.from_dict(issuer.jwks())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, audience=VAULT, issuer=ISSUER_V2)["aud"] == VAULT


def test_the_memory_of_accepted_tokens_is_bounded(issuer: Issuer) -> None:
    small = Issuer(issuer._key, remembered_tokens=3)
    tokens = [small.issue(VAULT, **PERSON, name=str(number)) for number in range(10)]
    for token in tokens:
        small.verify(token, audiences=[VAULT])
    assert list(small._verified) == tokens[-3:]


def test_two_starts_share_the_key_of_the_state_folder(tmp_path: Path) -> None:
    token = Issuer.of(State(tmp_path)).issue(VAULT, **PERSON)
    assert Issuer.of(State(tmp_path)).verify(token, audiences=[VAULT])


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "issuer.key").write_text("not a key")
    with pytest.raises(StateCorrupt, match=r"issuer\.key is damaged"):
        Issuer.of(State(tmp_path))
