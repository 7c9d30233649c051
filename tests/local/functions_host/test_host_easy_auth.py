"""The Easy Auth stand-in with real tokens and a real key endpoint."""

import asyncio
import base64
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from running_host import RunningHost, running

from local.functions_host.easy_auth import EasyAuth, EasyAuthSettings, read_easy_auth
from local.functions_host.errors import SettingsError
from local.functions_host.http_messages import Request, Response
from local.issuer import Issuer, TokenVersion
from local.names import AUDIENCE, TENANT_ID

APPLICATION = "99999999-9999-4999-8999-999999999999"


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def login_url(issuer: Issuer) -> Iterator[str]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.path == f"/{TENANT_ID}/discovery/v2.0/keys"
            self.send_response(200 if is_known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(issuer.jwks()).encode() if is_known else b"")

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", "127.0.0.1")
            yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def guarded(login_url: str) -> Iterator[RunningHost]:
    settings = EasyAuthSettings("return-401", excluded_paths=frozenset({"/api/shapes"}))
    with running("http", identity=EasyAuth(settings, login_url)) as host:
        yield host


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def good_token(issuer: Issuer, version: TokenVersion = "2.0") -> str:
    subject = "77777777-7777-4777-8777-777777777777"
    roles = ["Jobs.Submit", "Jobs.Admin"]
    return issuer.issue(AUDIENCE, subject=subject, app_id=APPLICATION, roles=roles, name="Ada", version=version)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_valid_token_becomes_the_principal_headers(
    guarded: RunningHost, issuer: Issuer, version: TokenVersion
) -> None:
    token = good_token(issuer, version)
    headers = guarded.get("/api/echo", headers=bearer(token)).json()["headers"]
    assert headers["authorization"] == f"Bearer {token}"
    assert headers["x-ms-client-principal-id"] == "77777777-7777-4777-8777-777777777777"
    assert headers["x-ms-client-principal-name"] == "Ada"
    assert headers["x-ms-client-principal-idp"] == "aad"
    principal = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    assert principal["auth_typ"] == "aad"
    claims = [(claim["typ"], claim["val"]) for claim in principal["claims"]]
    assert [value for name, value in claims if name == "roles"] == ["Jobs.Submit", "Jobs.Admin"]
    assert ("http://schemas.microsoft.com/identity/claims/tenantid", TENANT_ID) in claims


def test_a_forged_principal_beside_a_valid_token_is_replaced(guarded: RunningHost, issuer: Issuer) -> None:
    forged = bearer(good_token(issuer)) | {"X-MS-CLIENT-PRINCIPAL-ID": "me", "X-MS-CLIENT-PRINCIPAL-NAME": "me"}
    headers = guarded.get("/api/echo", headers=forged).json()["headers"]
    assert headers["x-ms-client-principal-id"] == "77777777-7777-4777-8777-777777777777"
    assert headers["x-ms-client-principal-name"] == "Ada"


def test_without_a_token_return_401_refuses_and_says_bearer(guarded: RunningHost) -> None:
    answer = guarded.get("/api/echo")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_an_excluded_path_needs_no_token(guarded: RunningHost) -> None:
    assert guarded.get("/api/shapes").status_code == 200
    assert guarded.get("/api/shapes/").status_code == 401


def test_a_token_for_another_audience_is_401(guarded: RunningHost, issuer: Issuer) -> None:
    token = issuer.issue("api://other", subject="s", app_id=APPLICATION)
    assert guarded.get("/api/echo", headers=bearer(token)).status_code == 401


def test_an_expired_token_is_401(guarded: RunningHost, issuer: Issuer) -> None:
    token = issuer.issue(AUDIENCE, subject="s", app_id=APPLICATION, lifetime_seconds=60, not_before=1_700_000_000)
    assert guarded.get("/api/echo", headers=bearer(token)).status_code == 401


def test_a_token_of_another_key_is_401(guarded: RunningHost) -> None:
    stranger = Issuer(rsa.generate_private_key(65537, 2048))
    assert guarded.get("/api/echo", headers=bearer(good_token(stranger))).status_code == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_401(guarded: RunningHost, token: str) -> None:
    assert guarded.get("/api/echo", headers=bearer(token)).status_code == 401


def asked(auth: EasyAuth, authorization: str = "") -> Request | Response:
    headers = {"authorization": authorization, "x-ms-client-principal-id": "forged"}
    return asyncio.run(auth.admit(Request("GET", "http", "/", "", headers)))


def status(answer: Request | Response) -> int:
    return answer.status if isinstance(answer, Response) else 200


def test_allow_anonymous_lets_nobody_in_as_nobody_but_refuses_a_bad_token(login_url: str) -> None:
    auth = EasyAuth(EasyAuthSettings("allow-anonymous"), login_url)
    nobody = asked(auth)
    assert isinstance(nobody, Request)
    assert not [name for name in nobody.headers if name.startswith("x-ms-")]
    assert status(asked(auth, "Bearer bad")) == 401


@pytest.mark.parametrize(("applications", "expected"), [({APPLICATION}, 200), ({"other"}, 403)])
def test_an_application_that_is_not_allowed_is_403(
    login_url: str, issuer: Issuer, applications: set[str], expected: int
) -> None:
    settings = EasyAuthSettings("return-401", allowed_applications=frozenset(applications))
    assert status(asked(EasyAuth(settings, login_url), f"Bearer {good_token(issuer)}")) == expected


def test_keys_that_cannot_be_fetched_are_503_and_not_401(login_url: str, issuer: Issuer) -> None:
    unreachable = EasyAuth(EasyAuthSettings("return-401"), login_url.rpartition(":")[0] + ":1")
    assert status(asked(unreachable, f"Bearer {good_token(issuer)}")) == 503


def test_the_app_is_told_that_authentication_is_on(guarded: RunningHost) -> None:
    assert guarded.get("/api/shapes").status_code == 200
    assert os.environ["WEBSITE_AUTH_ENABLED"] == "True"


def test_settings_come_from_the_environment() -> None:
    environment = {
        "EASY_AUTH_TENANT_ID": "t",
        "EASY_AUTH_AUDIENCES": "a, b",
        "EASY_AUTH_ALLOWED_APPLICATIONS": "c",
        "EASY_AUTH_EXCLUDED_PATHS": "/x,/y",
    }
    read = read_easy_auth("return-401", environment)
    assert read == EasyAuthSettings("return-401", "t", frozenset("ab"), frozenset("c"), frozenset({"/x", "/y"}))
    with pytest.raises(SettingsError, match="must start with a slash"):
        read_easy_auth("return-401", {"EASY_AUTH_EXCLUDED_PATHS": "x"})
