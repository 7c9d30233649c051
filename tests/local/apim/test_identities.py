"""The gateway's managed identity."""

import asyncio
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.apim.errors import PolicyFailed
from local.apim.identities import ManagedIdentity
from local.identity import Principal, managed_identity
from local.issuer import Issuer
from local.names import FUNCTIONS_AUDIENCE, GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID

ENVIRONMENT = {"IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token", "IDENTITY_HEADER": "gateway"}
ISSUER = Issuer(rsa.generate_private_key(public_exponent=65537, key_size=2048))


class Endpoint(httpx.AsyncBaseTransport):
    """Answers with numbered tokens that end at `expires`; counts, and can be told to fail or to wait."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.expires, self.failure = 86_400, ""
        self.wait: asyncio.Event | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.wait:
            await self.wait.wait()
        if self.failure == "refused":
            raise httpx.ConnectError("refused", request=request)
        if self.failure:
            return httpx.Response(500, text=self.failure)
        return httpx.Response(200, json={"access_token": f"t{len(self.asked)}", "expires_on": str(self.expires)})


class Gateway:
    """An identity in front of an endpoint, with a clock that tests set."""

    def __init__(self) -> None:
        self.endpoint, self.now = Endpoint(), 0.0
        client = httpx.AsyncClient(transport=self.endpoint)
        self.identity = ManagedIdentity(ENVIRONMENT, client, now=lambda: self.now)

    def token(self, resource: str = FUNCTIONS_AUDIENCE, client_id: str | None = None) -> str:
        return asyncio.run(self.identity.token(resource, client_id))


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def test_the_gateway_gets_a_token_of_its_own_principal_for_the_functions_app() -> None:
    app = managed_identity(
        ISSUER, {"app": Principal("a", "a"), "gateway": Principal(GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID)}
    )

    async def scenario() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await ManagedIdentity(ENVIRONMENT, client).token(FUNCTIONS_AUDIENCE)

    claims = ISSUER.verify(asyncio.run(scenario()), audiences=[FUNCTIONS_AUDIENCE])
    assert (claims["azp"], claims["oid"]) == (GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID)


def test_the_endpoint_is_asked_in_the_form_of_its_protocol(gateway: Gateway) -> None:
    gateway.token("https://vault.azure.net", "an id")
    request = gateway.endpoint.asked[0]
    assert request.headers["X-IDENTITY-HEADER"] == "gateway"
    assert dict(request.url.params) == {
        "api-version": "2019-08-01",
        "resource": "https://vault.azure.net",
        "client_id": "an id",
    }


def test_a_token_is_asked_for_again_five_minutes_before_its_end(gateway: Gateway) -> None:
    assert gateway.token() == "t1"
    gateway.now = 86_400 - 301
    assert gateway.token() == "t1"
    gateway.now, gateway.endpoint.expires = 86_400 - 300, 2 * 86_400
    assert [gateway.token(), gateway.token()] == ["t2", "t2"]


def test_each_resource_and_each_identity_has_its_own_token(gateway: Gateway) -> None:
    wanted: list[tuple[str, str | None]] = [("a", None), ("b", None), ("a", "id"), ("a", None)]
    assert [gateway.token(*each) for each in wanted] == ["t1", "t2", "t3", "t1"]


def test_who_waits_for_the_same_token_shares_one_fetch_also_when_the_first_goes_away(gateway: Gateway) -> None:
    async def scenario() -> list[Any]:
        gateway.endpoint.wait = asyncio.Event()
        calls = [asyncio.create_task(gateway.identity.token("a")) for _ in range(9)]
        await asyncio.sleep(0.01)
        calls[0].cancel()
        gateway.endpoint.wait.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    done = asyncio.run(scenario())
    assert isinstance(done[0], asyncio.CancelledError)
    assert done[1:] == ["t1"] * 8
    assert len(gateway.endpoint.asked) == 1


@pytest.mark.parametrize("failure", ["refused", "out of order"])
def test_a_failure_says_what_happened_and_is_not_remembered(gateway: Gateway, failure: str) -> None:
    gateway.endpoint.failure = failure
    with pytest.raises(PolicyFailed, match=failure) as failed:
        gateway.token()
    assert (failed.value.source, failed.value.reason, failed.value.status) == (
        "authentication-managed-identity",
        "ManagedIdentityTokenFailed",
        500,
    )
    gateway.endpoint.failure = ""
    assert gateway.token() == "t2"


def test_a_token_is_used_to_its_end_when_no_other_can_be_had(gateway: Gateway) -> None:
    gateway.token()
    gateway.endpoint.failure, gateway.now = "down", 86_399
    assert gateway.token() == "t1"
    gateway.now = 86_400
    with pytest.raises(PolicyFailed, match="down"):
        gateway.token()


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"access_token": "t"}', '{"access_token": "t", "expires_on": "x"}'])
def test_an_answer_that_is_no_token_is_told(body: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    identity = ManagedIdentity(ENVIRONMENT, httpx.AsyncClient(transport=transport))
    with pytest.raises(PolicyFailed, match="what is no token"):
        asyncio.run(identity.token("a"))


def test_without_an_endpoint_every_token_fails() -> None:
    with pytest.raises(PolicyFailed, match="IDENTITY_ENDPOINT is not set"):
        asyncio.run(ManagedIdentity({}, httpx.AsyncClient()).token("a"))
