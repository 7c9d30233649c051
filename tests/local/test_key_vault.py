"""The secrets of the key vault."""

import time
from typing import Any

import pytest

from local import key_vault
from local.issuer import Issuer
from local.names import KEY_VAULT_HOST, TENANT_ID
from local.state import State
from tests.asgi import AsgiClient

VAULT = "https://vault.azure.net"
VERSION = {"api-version": "2025-07-01"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer.of(State(tmp_path_factory.mktemp("state")))


class Client:
    """Asks the vault with a token."""

    def __init__(self, issuer: Issuer) -> None:
        app = key_vault.application(issuer, {"quantum-workspace": "{}"})
        self.raw = AsgiClient(app, f"https://{KEY_VAULT_HOST}")
        self.token = issuer.issue(VAULT, subject="s", app_id="a")

    def __call__(self, method: str, path: str, *, status: int = 200, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        params = None if "?" in path else VERSION
        answer = self.raw.request(method, path, headers=headers, params=params, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def set(self, name: str, **body: Any) -> Any:
        return self("PUT", f"/secrets/{name}", json=body)


@pytest.fixture
def vault(issuer: Issuer) -> Client:
    return Client(issuer)


def test_without_a_token_the_challenge_says_where_to_get_one(vault: Client) -> None:
    answer = vault.raw.get("/secrets/quantum-workspace", params=VERSION)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'
    )
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_a_token_for_another_audience_is_refused(vault: Client, issuer: Issuer) -> None:
    vault.token = issuer.issue("https://storage.azure.com", subject="s", app_id="a")
    assert "Audience validation failed" in vault("GET", "/secrets/quantum-workspace", status=401)["error"]["message"]


def test_an_expired_token_is_refused(vault: Client, issuer: Issuer) -> None:
    vault.token = issuer.issue(VAULT, subject="s", app_id="a", not_before=int(time.time()) - 60, lifetime_seconds=30)
    assert "expired" in vault("GET", "/secrets", status=401)["error"]["message"]


def test_a_token_with_another_signature_is_refused(vault: Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Issuer.of(State(tmp_path_factory.mktemp("other")))
    vault.token = stranger.issue(VAULT, subject="s", app_id="a")
    assert "Signature validation failed" in vault("GET", "/secrets", status=401)["error"]["message"]


def test_a_new_value_is_a_new_version_and_old_ones_stay(vault: Client) -> None:
    first = vault.set("a", value="1", contentType="text/plain", tags={"k": "v"})
    second = vault.set("a", value="2")
    assert vault("GET", "/secrets/a")["value"] == "2"
    assert vault("GET", "/secrets/a/")["id"] == second["id"]
    old = vault("GET", f"/secrets/a/{first['id'].rsplit('/', 1)[1]}")
    assert (old["value"], old["contentType"], old["tags"]) == ("1", "text/plain", {"k": "v"})
    assert [item["id"] for item in vault("GET", "/secrets/a/versions")["value"]] == [first["id"], second["id"]]
    assert {"created", "updated", "enabled"} <= old["attributes"].keys()


def test_names_do_not_tell_upper_from_lower_case(vault: Client) -> None:
    vault.set("Name", value="1")
    assert vault("GET", "/secrets/nAME")["value"] == "1"


def test_an_unknown_secret_or_version_is_not_found(vault: Client) -> None:
    assert vault("GET", "/secrets/none", status=404)["error"]["code"] == "SecretNotFound"
    assert vault("GET", "/secrets/quantum-workspace/none", status=404)["error"]["code"] == "SecretNotFound"
    assert vault("GET", "/secrets/none/versions")["value"] == []


def test_a_disabled_secret_cannot_be_read_until_it_is_enabled(vault: Client) -> None:
    vault.set("a", value="1", attributes={"enabled": False})
    assert vault("GET", "/secrets/a", status=403)["error"]["code"] == "Forbidden"
    vault("PATCH", "/secrets/a", json={"attributes": {"enabled": True, "exp": 4_000_000_000}, "tags": {"x": "y"}})
    changed = vault("GET", "/secrets/a")
    assert (changed["value"], changed["attributes"]["exp"], changed["tags"]) == ("1", 4_000_000_000, {"x": "y"})


def test_lists_come_in_pages_without_values(vault: Client) -> None:
    for number in range(60):
        vault.set(f"s{number:02}", value=str(number))
    page, names, sizes = vault("GET", "/secrets?api-version=1&maxresults=25"), [], []
    while True:
        names += [item["id"].rsplit("/", 1)[1] for item in page["value"]]
        sizes.append(len(page["value"]))
        assert all("value" not in item for item in page["value"])
        if page["nextLink"] is None:
            break
        page = vault("GET", page["nextLink"])
    assert names == ["quantum-workspace", *(f"s{number:02}" for number in range(60))]
    assert sizes == [25, 25, 11]


@pytest.mark.parametrize("query", ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=!!", "$skiptoken=LTE="])
def test_a_wrong_page_is_refused(vault: Client, query: str) -> None:
    assert vault("GET", f"/secrets?api-version=1&{query}", status=400)["error"]["code"] == "BadParameter"


@pytest.mark.parametrize(
    "body",
    [{}, [], {"value": 1}, {"value": None}, {"value": "x", "tags": []}, {"value": "x", "attributes": {"nbf": "1"}}],
)
def test_a_body_of_the_wrong_shape_is_refused_and_writes_nothing(vault: Client, body: Any) -> None:
    assert vault("PUT", "/secrets/a", status=400, json=body)["error"]["code"] == "BadParameter"
    vault("GET", "/secrets/a", status=404)


def test_what_else_is_wrong_with_a_secret_is_refused(vault: Client) -> None:
    assert "name" in vault("PUT", "/secrets/a_b", status=400, json={"value": "x"})["error"]["message"]
    assert "bytes" in vault("PUT", "/secrets/a", status=400, json={"value": "x" * 30_000})["error"]["message"]
    assert "JSON" in vault("PUT", "/secrets/a", status=400, content=b"{")["error"]["message"]
    assert "api-version" in vault("GET", "/secrets/a?x=1", status=400)["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/secrets/quantum-workspace"), ("GET", "/deletedsecrets"), ("GET", "/keys/k")]
)
def test_what_is_not_built_says_so(vault: Client, method: str, path: str) -> None:
    error = vault(method, path, status=501)["error"]
    assert error["code"] == "NotImplemented"
    assert f"{method} {path} is not built in the local cloud" in error["message"]
    assert vault("GET", "/secrets/quantum-workspace")["value"] == "{}"
