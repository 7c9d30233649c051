"""The running cloud: nobody gets past the gateway, and what it refuses never reaches the Functions app."""

import base64
import hashlib
import hmac
import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.issuer import Issuer
from local.names import (
    AUDIENCE,
    FUNCTIONS_AUDIENCE,
    GATEWAY_CLIENT_ID,
    GATEWAY_PRINCIPAL_ID,
    ISSUER_V2,
    TENANT_ID,
)
from tests import samples

NOW = int(time.time())
CLAIMS = {
    "aud": AUDIENCE,
    "iss": ISSUER_V2,
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 3600,
    "sub": "s",
    "oid": "00000000-0000-4000-8000-000000000001",
    "tid": TENANT_ID,
    "roles": ["Jobs.Submit"],
}


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@pytest.fixture
def signed(service):
    """Sign claims with the tenant's key, or another; headers may be anything."""
    issuer = Issuer.of(service.state)
    key, key_id = issuer._key, issuer.jwks()["keys"][0]["kid"]

    def sign(changes=None, *, by=None, **headers):
        claims = {name: value for name, value in (CLAIMS | (changes or {})).items() if value is not None}
        return jwt.encode(claims, by or key, algorithm="RS256", headers={"kid": key_id} | headers)

    sign.key, sign.key_id = key, key_id
    return sign


def public_pem(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def unsigned(algorithm, key_id, signature=b""):
    head = encoded(json.dumps({"alg": algorithm, "kid": key_id}).encode())
    body = encoded(json.dumps(CLAIMS).encode())
    made = hmac.digest(signature, f"{head}.{body}".encode(), hashlib.sha256) if signature else b""
    return f"{head}.{body}.{encoded(made)}"


STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOKENS = {
    "another audience": lambda sign: sign({"aud": "https://storage.azure.com"}),
    "the functions app's audience": lambda sign: sign({"aud": FUNCTIONS_AUDIENCE}),
    "another issuer": lambda sign: sign({"iss": "https://login.microsoftonline.com/other/v2.0"}),
    "another tenant": lambda sign: sign({"tid": "99999999-9999-4999-8999-999999999999"}),
    "another signature": lambda sign: sign(by=STRANGER),
    "an unknown key": lambda sign: sign(kid="unknown"),
    "a key of its own": lambda sign: sign(by=STRANGER, kid="own", jku="https://evil/keys"),
    "expired": lambda sign: sign({"exp": NOW - 1}),
    "not yet valid": lambda sign: sign({"nbf": NOW + 600}),
    "no expiry": lambda sign: sign({"exp": None}),
    "alg none": lambda sign: unsigned("none", sign.key_id),
    "the public key as a secret": lambda sign: unsigned("HS256", sign.key_id, public_pem(sign.key)),
    "cut short": lambda sign: sign()[:-10],
    "no token at all": lambda _: "x.y.z",
    "two tokens": lambda sign: f"{sign()}, Bearer {sign()}",
    "far too long": lambda sign: sign({"filler": "x" * 20_000}),
}


@pytest.fixture
def untouched(service):
    """Fail when anything was forwarded to the Functions app while the test ran."""
    calls = forwarded(service)
    yield
    assert forwarded(service) == calls


def forwarded(service):
    """Give how often the gateway forwarded anything, as its log says."""
    return (service.state.folder / "logs" / "gateway.log").read_text().count(": forwarded ")


def test_what_is_forwarded_is_in_the_log_that_the_next_tests_read(service):
    calls = forwarded(service)
    with service.api() as api:
        assert api.get("/usage").status_code == 200
    assert forwarded(service) == calls + 1


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_does_not_hold_is_401_with_a_problem(service, signed, kind, untouched):
    headers = {"Authorization": f"Bearer {TOKENS[kind](signed)}"}
    answer = httpx.get(f"{service.environment['QUANTUM_JOBS_URL']}/usage", headers=headers, trust_env=False)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "unauthorized"), kind
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_same_token_with_nothing_wrong_is_taken(service, signed):
    headers = {"Authorization": f"Bearer {signed()}"}
    assert httpx.get(f"{service.environment['QUANTUM_JOBS_URL']}/usage", headers=headers, trust_env=False).is_success


def test_nobody_but_the_gateway_gets_into_the_functions_app(service):
    url = f"{service.environment['LOCAL_FUNCTIONS_URL']}/usage"
    lies = {"X-Caller-Id": "bob", "X-Caller-Tenant": TENANT_ID, "X-Caller-Roles": "Jobs.Admin"}
    issuer = Issuer.of(service.state)
    stranger = issuer.issue(FUNCTIONS_AUDIENCE, subject="someone", app_id="another-app")
    forged = issuer.issue(FUNCTIONS_AUDIENCE, subject="someone", app_id=GATEWAY_CLIENT_ID)
    for token in (None, service.token("alice"), stranger, forged):
        headers = lies | ({"Authorization": f"Bearer {token}"} if token else {})
        assert httpx.get(url, headers=headers, trust_env=False).status_code in (401, 403), token
    gateway = issuer.issue(FUNCTIONS_AUDIENCE, subject=GATEWAY_PRINCIPAL_ID, app_id=GATEWAY_CLIENT_ID)
    assert httpx.get(url, headers=lies | {"Authorization": f"Bearer {gateway}"}, trust_env=False).status_code == 200


def raw(service, lines, body=b"", seconds=10.0):
    """Send bytes as they are; give the status and what came back."""
    url = urlsplit(service.environment["QUANTUM_JOBS_URL"])
    with socket.create_connection((url.hostname, url.port), timeout=seconds) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = connection.recv(65_536).decode("latin-1")
    return int(answer.split(" ")[1]) if answer else 0, answer


TRICKS = [
    "/quantum/v1//jobs", "/quantum/v1/jobs/../usage", "/quantum/v1/%2e%2e/v1/usage", "/quantum/v1/jobs%2f..%2fusage",
    "/quantum/v1/%6a%6f%62%73/", "/QUANTUM/v1/usage", "/quantum/V1/usage", "/quantum/v1/USAGE", "/quantum/v1/usage/",
    "/v1/usage", "/quantum/v1\\usage", "/quantum/v1/usage;x=1", "/quantum/v1/health/ready", "/quantum/v1/%25",
    "//v1/usage",
    "/admin/host/status", "/quantum/v1/any-path/jobs",
]  # fmt: skip


@pytest.mark.parametrize("path", TRICKS)
def test_a_path_in_another_spelling_leads_nowhere(service, path):
    token = service.token("alice")
    status, answer = raw(
        service, [f"GET {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", "Connection: close"]
    )
    assert status in (400, 404), answer


@pytest.mark.parametrize(
    "extra",
    [
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Host: y"],
        ["Content-Length: -1"],
        ["Content-Length: 99999999999"],
        [" folded: x"],
        ["Authorization : Bearer x"],
    ],
)
def test_requests_that_two_servers_could_read_differently_are_refused(service, extra, untouched):
    lines = ["POST /quantum/v1/jobs HTTP/1.1", "Host: x", f"Authorization: Bearer {service.token('alice')}"]
    status, answer = raw(service, [*lines, "Content-Type: application/json", *extra], b"{}")
    assert 400 <= status < 500, answer


def test_an_oversized_body_is_413_and_a_second_authorization_400(service, untouched):
    url = f"{service.environment['QUANTUM_JOBS_URL']}/jobs"
    with httpx.Client(trust_env=False) as client:
        headers = [("Authorization", f"Bearer {service.token('alice')}"), ("Content-Type", "application/json")]
        large = client.post(url, content=b" " * 102_401, headers=headers)
        assert (large.status_code, large.json()["type"].rpartition("/")[2]) == (413, "payload-too-large")
        twice = client.post(url, content=b"{}", headers=[*headers, headers[0]])
        assert (twice.status_code, twice.json()["type"].rpartition("/")[2]) == (400, "invalid-request")


def test_lies_about_who_calls_change_nothing(service):
    with service.api("alice") as alice, service.api("bob") as bob:
        body = {"target": "rigetti.sim.qvm", "shots": 1, "program": {"format": "openqasm3", "source": samples.BELL}}
        job = alice.post("/jobs", json=body, headers={"Idempotency-Key": "lies"}).raise_for_status().json()
        alice.get(f"/jobs/{job['id']}").raise_for_status()  # now the gateway has a copy of it
        token = jwt.decode(service.token("alice"), options={"verify_signature": False})
        lies = {
            "X-Caller-Id": token["oid"],
            "X-Caller-Tenant": TENANT_ID,
            "X-Caller-Roles": "Jobs.Read.All",
            "X-MS-CLIENT-PRINCIPAL-ID": token["oid"],
        }
        for name, value in ({"": ""} | lies).items():
            headers = {name: value} if name else lies
            for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/result"):
                assert bob.get(path, headers=headers).status_code == 404
