"""The endpoints of Entra ID and of the managed identity."""

from base64 import b64encode
from typing import Any

import pytest

from local.callers import ROLES_OF_CALLERS, callers
from local.identity import Application, Principal, application, managed_identity
from local.issuer import Issuer
from local.names import AUDIENCE, FUNCTIONS_AUDIENCE, ISSUER_V1, ISSUER_V2, TENANT_ID
from local.state import State
from tests.asgi import AsgiClient

STORAGE = "https://storage.azure.com"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    return State(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def issuer(state: State) -> Issuer:
    return Issuer.of(state)


@pytest.fixture(scope="module")
def clients(state: State) -> dict[str, Application]:
    return callers(state)


@pytest.fixture
def entra(issuer: Issuer, clients: dict[str, Application]) -> AsgiClient:
    return AsgiClient(application(issuer, clients.values()), base_url="https://login.microsoftonline.com")


def request_of(client: Application, **changes: str | None) -> dict[str, str]:
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.secret,
        "scope": f"{AUDIENCE}/.default",
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


@pytest.mark.parametrize("name", ROLES_OF_CALLERS)
def test_each_test_caller_gets_a_token_with_its_roles(
    entra: AsgiClient, issuer: Issuer, clients: dict[str, Application], name: str
) -> None:
    answer = entra.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=request_of(clients[name]))
    claims = issuer.verify(answer.json()["access_token"], audiences=[AUDIENCE])
    assert tuple(claims.get("roles", ())) == tuple(ROLES_OF_CALLERS[name])
    assert (claims["ver"], claims["sub"], claims["azp"]) == ("2.0", clients[name].object_id, clients[name].client_id)
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)


def test_tokens_for_azure_services_have_no_roles_and_the_issuer_that_those_services_take(
    entra: AsgiClient, issuer: Issuer, clients: dict[str, Application]
) -> None:
    form = request_of(clients["demo"], scope=f"{STORAGE}/.default")
    claims = issuer.verify(
        entra.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=form).json()["access_token"], audiences=[STORAGE]
    )
    assert claims["iss"] == ISSUER_V1
    assert "roles" not in claims


def test_the_first_endpoint_takes_a_resource(
    entra: AsgiClient, issuer: Issuer, clients: dict[str, Application]
) -> None:
    form = request_of(clients["demo"], scope=None, resource=f"{STORAGE}/")
    token = entra.post(f"/{TENANT_ID}/oauth2/token", data=form).json()["access_token"]
    assert issuer.verify(token, audiences=[f"{STORAGE}/"])


def test_the_secret_may_come_in_the_authorization_header(entra: AsgiClient, clients: dict[str, Application]) -> None:
    demo = clients["demo"]
    header = {"Authorization": f"Basic {b64encode(f'{demo.client_id}:{demo.secret}'.encode()).decode()}"}
    form = request_of(demo, client_id=None, client_secret=None)
    assert entra.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=form, headers=header).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_id": "55555555-5555-4555-8555-555555555555"}, 400, "unauthorized_client", 700016),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": AUDIENCE}, 400, "invalid_scope", 1002012),
        ({"scope": None}, 400, "invalid_scope", 1002012),
        ({"scope": "https://example.com/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_a_wrong_request_is_answered_as_entra_answers(
    entra: AsgiClient,
    clients: dict[str, Application],
    changes: dict[str, Any],
    status: int,
    error: str,
    number: int,
) -> None:
    answer = entra.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=request_of(clients["demo"], **changes))
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


def test_another_tenant_is_unknown(entra: AsgiClient, clients: dict[str, Application]) -> None:
    answer = entra.post("/another.example/oauth2/v2.0/token", data=request_of(clients["demo"]))
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


@pytest.mark.parametrize(("infix", "issuer_name"), [("", ISSUER_V1), ("/v2.0", ISSUER_V2)])
def test_discovery_leads_to_the_keys(entra: AsgiClient, issuer: Issuer, infix: str, issuer_name: str) -> None:
    configuration = entra.get(f"/{TENANT_ID}{infix}/.well-known/openid-configuration").json()
    assert configuration["issuer"] == issuer_name
    assert entra.get(configuration["jwks_uri"]).json() == issuer.jwks()


@pytest.fixture
def endpoint(issuer: Issuer) -> AsgiClient:
    principals = {"right": Principal("c" * 8, "o" * 8), "gateway": Principal("g" * 8, "p" * 8)}
    return AsgiClient(managed_identity(issuer, principals))


def ask(endpoint: AsgiClient, header: str | None = "right", **query: str) -> Any:
    params = {"api-version": "2019-08-01", "resource": STORAGE, **query}
    return endpoint.get("/msi/token", params=params, headers={} if header is None else {"X-IDENTITY-HEADER": header})


def test_the_managed_identity_gets_a_token_for_exactly_the_resource_asked_for(
    endpoint: AsgiClient, issuer: Issuer
) -> None:
    body = ask(endpoint, resource=f"{STORAGE}/").json()
    claims = issuer.verify(body["access_token"], audiences=[f"{STORAGE}/"])
    assert (claims["oid"], claims["appid"], claims["iss"]) == ("o" * 8, "c" * 8, ISSUER_V1)
    assert int(body["expires_on"]) == claims["exp"]
    assert (body["token_type"], body["resource"]) == ("Bearer", f"{STORAGE}/")


@pytest.mark.parametrize("header", [None, "", "wrong"])
def test_without_the_secret_header_there_is_no_token(endpoint: AsgiClient, header: str | None) -> None:
    answer = ask(endpoint, header)
    assert (answer.status_code, answer.json()["statusCode"]) == (401, 401)


@pytest.mark.parametrize(
    "query",
    [{"api-version": "2017-09-01"}, {"resource": ""}, {"resource": "https://example.com"}, {"client_id": "another"}],
)
def test_a_request_that_the_platform_would_refuse_is_refused(endpoint: AsgiClient, query: dict[str, str]) -> None:
    answer = ask(endpoint, **query)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)


def test_the_client_id_of_the_identity_may_be_named(endpoint: AsgiClient) -> None:
    assert ask(endpoint, client_id="c" * 8).status_code == 200


def test_each_secret_gives_a_token_of_its_own_principal(endpoint: AsgiClient, issuer: Issuer) -> None:
    for secret, client_id, object_id in (("right", "c" * 8, "o" * 8), ("gateway", "g" * 8, "p" * 8)):
        body = ask(endpoint, secret, resource=FUNCTIONS_AUDIENCE).json()
        claims = issuer.verify(body["access_token"], audiences=[FUNCTIONS_AUDIENCE])
        assert (claims["oid"], claims["azp"], claims["iss"]) == (object_id, client_id, ISSUER_V2)
        assert body["client_id"] == client_id
    assert ask(endpoint, "gateway", client_id="c" * 8).status_code == 400
