"""The app settings of infra/ are those that the service and its host read."""

import re
from dataclasses import MISSING, fields

import pytest

from quantum_jobs.settings import Settings
from tests.infra.reading import ROOT, keys, resource
from tools.bicep.nodes import Literal, Object

HOST = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AzureFunctionsJobHost__telemetryMode",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
    "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
    "QDK_PYTHON_TELEMETRY",
}
# Flex Consumption says these otherwise and refuses them, or ignores them.
NOT_ON_FLEX = ("FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_", "SCM_DO_BUILD", "ENABLE_ORYX")


@pytest.fixture(scope="module")
def given() -> set[str]:
    return keys(resource("functions", "settings").member("properties"))


def test_every_setting_that_the_service_needs_is_given(given: set[str]) -> None:
    needed = {item.metadata["name"] for item in fields(Settings) if item.default is MISSING}
    assert needed <= given


def test_no_setting_is_given_that_nobody_reads(given: set[str]) -> None:
    assert given - {item.metadata["name"] for item in fields(Settings)} <= HOST


def test_the_host_has_all_its_settings(given: set[str]) -> None:
    assert given >= HOST


def test_nobody_but_the_gateway_gets_in(given: set[str]) -> None:
    assert {"GATEWAY_PRINCIPAL_ID", "AZURE_CLIENT_ID"} <= given


def test_nothing_is_set_that_flex_consumption_does_not_take(given: set[str]) -> None:
    assert [name for name in given if name.startswith(NOT_ON_FLEX)] == []


def test_telemetry_is_set_as_the_operations_page_says() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    properties = resource("functions", "settings").member("properties")
    assert isinstance(properties, Object)
    given = {item.key: item.value.value for item in properties.members if isinstance(item.value, Literal)}
    told = dict(re.findall(r"`((?:PYTHON_APPLICATIONINSIGHTS|OTEL_PYTHON)_\w+)=([\w,]+)`", guide))
    assert len(told) == 3
    assert {name: given.get(name) for name in told} == told
