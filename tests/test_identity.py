import asyncio
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from quantum_jobs.errors import ServiceUnavailable, Unauthorized
from quantum_jobs.identity import TokenVerifier

TENANT = "t1"
AUDIENCE = "api://quantum-jobs"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Tenant:
    """Serves the tenant's published keys and counts how often they were fetched."""

    def __init__(self):
        self.fetched = 0
        self.lie = None
        tenant = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self):
                tenant.fetched += self.path == f"/{TENANT}/discovery/v2.0/keys"
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
                body = json.dumps({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()
                body = tenant.lie or body
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def token(self, key=KEY, kid="k1", algorithm="RS256", **changes):
        claims = {
            "aud": AUDIENCE,
            "iss": f"{self.url}/{TENANT}/v2.0",
            "exp": int(time.time()) + 600,
            "tid": TENANT,
            "oid": "o1",
            "sub": "o1",
            "roles": ["Jobs.Submit"],
            "name": "planner",
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid})


@contextmanager
def running(tenant):
    thread = threading.Thread(target=tenant.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield tenant
    finally:
        tenant.server.shutdown()
        tenant.server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def tenant():
    with running(Tenant()) as tenant:
        yield tenant


@pytest.fixture
def verifier(tenant):
    tenant.fetched = 0
    return TokenVerifier(tenant.url, TENANT, AUDIENCE)


def caller(verifier, authorization):
    return asyncio.run(verifier.caller(authorization))


def test_a_good_token_tells_who_calls(tenant, verifier):
    told = caller(verifier, f"Bearer {tenant.token()}")
    assert (told.tenant, told.subject, told.label, told.roles) == (TENANT, "o1", "app:planner", {"Jobs.Submit"})


def test_a_persons_token_is_told_from_an_applications(tenant, verifier):
    assert caller(verifier, f"bearer {tenant.token(sub='pairwise')}").label == "user:planner"


def test_both_forms_of_the_audience_hold(tenant, verifier):
    assert caller(verifier, f"Bearer {tenant.token(aud='quantum-jobs')}").subject == "o1"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_no_bearer_token_is_refused(verifier, authorization):
    with pytest.raises(Unauthorized, match="Send 'Authorization: Bearer <token>'"):
        caller(verifier, authorization)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "api://other"},
        {"iss": "https://login.microsoftonline.com/other/v2.0"},
        {"exp": 1},
        {"exp": None},
        {"oid": None},
        {"tid": None},
        {"nbf": int(time.time()) + 3600},
        {"key": STRANGER},
        {"kid": "k2"},
        {"key": "x" * 32, "algorithm": "HS256"},
        {"key": None, "algorithm": "none"},
    ],
)
def test_a_token_that_does_not_hold_is_refused(tenant, verifier, changes):
    with pytest.raises(Unauthorized, match="does not hold"):
        caller(verifier, f"Bearer {tenant.token(**changes)}")


@pytest.mark.parametrize("token", ["abc", "a.b.c", "é", "eyJhbGciOiJSUzI1NiJ9.e30.AA"])
def test_garbage_is_refused(verifier, token):
    with pytest.raises(Unauthorized):
        caller(verifier, f"Bearer {token}")


def test_the_keys_are_fetched_once(tenant, verifier):
    for _ in range(5):
        caller(verifier, f"Bearer {tenant.token()}")
    assert tenant.fetched == 1


def test_tokens_with_invented_keys_cannot_make_us_fetch_again_and_again(tenant, verifier):
    for number in range(20):
        with pytest.raises(Unauthorized):
            caller(verifier, f"Bearer {tenant.token(kid=f'invented-{number}')}")
    assert tenant.fetched <= 2
    assert caller(verifier, f"Bearer {tenant.token()}").subject == "o1"


def test_a_token_that_held_is_refused_once_it_has_ended(tenant, verifier):
    token = tenant.token(exp=int(time.time()) - 58)  # a minute's difference between clocks is forgiven
    assert caller(verifier, f"Bearer {token}").subject == "o1"
    time.sleep(2.1)
    with pytest.raises(Unauthorized):
        caller(verifier, f"Bearer {token}")


def test_a_token_with_another_signature_is_not_the_one_that_held(tenant, verifier):
    token = tenant.token()
    caller(verifier, f"Bearer {token}")
    with pytest.raises(Unauthorized):
        caller(verifier, f"Bearer {token[:-8]}AAAAAAAA")


def test_a_tenant_that_does_not_answer_is_not_the_callers_fault():
    with running(Tenant()) as gone:
        token = gone.token()
    with pytest.raises(ServiceUnavailable):
        caller(TokenVerifier(gone.url, TENANT, AUDIENCE), f"Bearer {token}")


@pytest.mark.parametrize("lie", [b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "none"}]}'])
def test_a_tenant_that_publishes_nonsense_is_not_the_callers_fault_and_is_asked_again_later(tenant, lie):
    verifier, token = TokenVerifier(tenant.url, TENANT, AUDIENCE), tenant.token()
    tenant.fetched, tenant.lie = 0, lie
    try:
        for _ in range(3):
            with pytest.raises(ServiceUnavailable):
                caller(verifier, f"Bearer {token}")
    finally:
        tenant.lie = None
    assert tenant.fetched == 1  # who asks within seconds is told at once
    verifier._failed -= 5
    assert caller(verifier, f"Bearer {token}").subject == "o1"


def test_however_many_ask_the_keys_are_fetched_by_one(tenant, verifier):
    tokens = [tenant.token(sub=f"o{number}") for number in range(20)]

    async def together():
        return await asyncio.gather(*(verifier.caller(f"Bearer {token}") for token in tokens))

    assert len(asyncio.run(together())) == 20
    assert tenant.fetched == 1
