"""Who gets in, and how the workspace is found by name."""

import importlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from local.azure_quantum.costs import estimate
from local.azure_quantum.targets import Catalogue
from local.execution.request import Usage
from tests.local.azure_quantum.caller import VERSION, Caller
from tests.local.azure_quantum.conftest import API_KEY, Served

DATA, MANAGEMENT = "https://quantum.microsoft.com", "https://management.azure.com"


def ask(served: Served, path: str, headers: dict[str, str], method: str = "GET", **options: Any) -> httpx.Response:
    return httpx.request(
        method, served.url + path, params={"api-version": VERSION}, headers=headers, trust_env=False, **options
    )


def bearer(audience: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {audience}|someone"}


@pytest.mark.parametrize("headers", [{"x-ms-quantum-api-key": API_KEY}, bearer(DATA), bearer(f"{DATA}/")])
def test_a_key_or_a_token_for_the_service_is_admitted(served: Served, headers: dict[str, str]) -> None:
    assert ask(served, f"{served.path}/providerStatus", headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ms-quantum-api-key": "wrong"},
        {"x-ms-quantum-api-key": ""},
        {"x-ms-quantum-api-key": "wrong"} | bearer(DATA),
        bearer(MANAGEMENT),
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {DATA}|someone"},
    ],
)
def test_anything_else_is_answered_401_without_a_body(served: Served, headers: dict[str, str]) -> None:
    answer = ask(served, f"{served.path}/providerStatus", headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_disabled_key_is_refused_until_it_is_enabled(serve: Callable[..., Served]) -> None:
    served, headers = serve(), {"x-ms-quantum-api-key": API_KEY}
    served.workspace.authentication.disabled_keys.add(API_KEY)
    assert ask(served, f"{served.path}/jobs", headers).status_code == 401
    served.workspace.authentication.disabled_keys.clear()
    assert ask(served, f"{served.path}/jobs", headers).status_code == 200


def test_another_workspace_is_not_found_and_case_does_not_matter(served: Served) -> None:
    assert ask(served, f"{served.path}2/jobs", bearer(DATA)).status_code == 404
    shouted = served.path.replace(served.workspace.name, served.workspace.name.upper())
    assert ask(served, f"{shouted}/jobs", bearer(DATA)).status_code == 200


def test_the_resource_tells_its_endpoint_location_and_kind(served: Served) -> None:
    assert ask(served, served.path, bearer(DATA)).status_code == 401
    resource = ask(served, served.path, bearer(MANAGEMENT)).json()
    assert (resource["name"], resource["location"]) == (served.workspace.name, "eastus")
    assert (resource["properties"]["endpointUri"], resource["properties"]["workspaceKind"]) == (served.url, "V1")


def query(name: str, extra: str = "") -> str:
    return f"""
            Resources
            | where type =~ 'microsoft.quantum/workspaces'
            | where name =~ '{name}'
            {extra}
            | extend endpointUri = tostring(properties.endpointUri), workspaceKind = tostring(properties.workspaceKind)
            | project name, subscriptionId, resourceGroup, location, endpointUri, workspaceKind
        """


@pytest.mark.parametrize(
    ("name", "extra", "subscriptions", "found"),
    [
        ("quantum-jobs-local", "", None, 1),
        ("Quantum-Jobs-Local", "| where location =~ 'eastus'", None, 1),
        ("quantum-jobs-local", "| where resourceGroup =~ 'other'", None, 0),
        ("quantum-jobs-local", "", ["another"], 0),
        ("other", "", None, 0),
    ],
)
def test_the_workspace_is_found_by_its_name(
    served: Served, name: str, extra: str, subscriptions: list[str] | None, found: int
) -> None:
    body = {"query": query(name, extra)} | ({"subscriptions": subscriptions} if subscriptions else {})
    answer = ask(served, "/providers/Microsoft.ResourceGraph/resources", bearer(MANAGEMENT), "POST", json=body).json()
    assert (answer["count"], answer["totalRecords"], len(answer["data"])) == (found, found, found)
    if found:
        assert answer["data"][0]["endpointUri"] == served.url


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"query": 3}', '{"query": "Resources | take 5"}', '{"query": "x", "subscriptions": "y"}']
)
def test_another_query_is_refused(served: Served, body: str) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources"
    assert ask(served, path, bearer(MANAGEMENT), "POST", content=body).status_code == 400


def test_nothing_lies_at_other_paths(served: Served) -> None:
    assert ask(served, "/anything", {}).json()["error"]["code"] == "ResourceNotFound"


def test_provider_status_has_the_members_of_the_service(served: Served) -> None:
    answer = ask(served, f"{served.path}/providerStatus", bearer(DATA)).json()
    assert set(answer) == {"value", "nextLink"}
    (ionq,) = [provider for provider in answer["value"] if provider["id"] == "ionq"]
    assert ionq["currentAvailability"] == "Available"
    simulator = next(target for target in ionq["targets"] if target["id"] == "ionq.simulator")
    assert simulator == {
        "id": "ionq.simulator",
        "currentAvailability": "Available",
        "averageQueueTime": 0,
        "averageQueueTimeHighPriority": 0,
        "averageQueueTimeStandardPriority": 0,
        "statusPage": None,
        "numQubits": 29,
        "targetProfile": "base",
        "metadata": None,
    }


def test_every_target_of_the_catalogue_is_whole() -> None:
    for provider, target in Catalogue.read().targets():
        assert provider.id == provider.id.lower()
        assert target.shots.minimum <= target.shots.default <= target.shots.maximum
        assert all(0 < rate < 0.2 for rate in target.noise.values())
        assert target.formats
        assert Catalogue.read().find(provider.id.upper(), target.id) == target


def test_the_catalogue_holds_every_target_that_the_package_has_a_class_for() -> None:
    modules = ("ionq", "quantinuum", "rigetti.target", "pasqal.target")
    classes = ("IonQ", "Quantinuum", "Rigetti", "Pasqal")
    known = {target.id for _, target in Catalogue.read().targets()}
    for module, name in zip(modules, classes, strict=True):
        names = getattr(importlib.import_module(f"azure.quantum.target.{module}"), name).target_names
        assert names
        assert set(names) <= known


def test_a_bill_names_a_dimension_that_its_provider_has_a_quota_for() -> None:
    usage = Usage(one_qubit_gates=3, two_qubit_gates=2, measurements=2, shots=10)
    for provider, target in Catalogue.read().targets():
        billed = {event["dimensionId"] for event in estimate(target, usage)["events"]}
        assert billed <= {quota.dimension for quota in provider.quotas}
        assert bool(billed) or target.kind == "simulator"


def test_usage_is_told_by_target_and_a_suite_offer_shows_its_provider(caller: Caller, served: Served) -> None:
    caller.ended(caller.submitted(name="used", inputParams={"shots": 7}))
    answer = caller.send("GET", "/quotaUsages", params={"providerId": "Rigetti"}).json()
    offer = f"/subscriptions/{served.workspace.subscription_id}/providers/Microsoft.Quantum/suiteOffers"
    assert ask(served, f"{offer}/rigetti/quotaUsages", bearer(DATA)).json() == answer
    # Other modules of tests use the same workspace, on other targets too.
    (usage,) = (entry for entry in answer["value"] if entry["targetId"] == "rigetti.sim.qvm")
    assert set(usage) == {"providerId", "scope", "targetId", "usage", "lastModifiedTime", "metadata"}
    assert {(entry["providerId"], entry["scope"]) for entry in answer["value"]} == {("rigetti", "WorkspaceTarget")}
    assert usage["usage"]["shots"] >= 7
    status = ask(served, f"{offer}/Rigetti/providerStatus", bearer(DATA)).json()
    assert status in ask(served, f"{served.path}/providerStatus", bearer(DATA)).json()["value"]
    for path in (f"{offer}/none/providerStatus", f"{offer.replace('2222', '9999')}/rigetti/quotaUsages"):
        refused = ask(served, path, bearer(DATA))
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert ask(served, f"{offer}/rigetti/quotaUsages", {}).status_code == 401
