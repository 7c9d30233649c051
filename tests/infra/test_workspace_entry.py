"""The entry of the vault that infra/ writes is the one that the service reads."""

from dataclasses import fields

from quantum_jobs.key_vault import _MEMBERS
from quantum_jobs.settings import WorkspaceSettings
from tests.infra.reading import keys, resource
from tools.bicep.nodes import Call, Literal
from tools.bicep.resources import property_of


def test_it_has_the_name_that_the_service_looks_for() -> None:
    (default,) = (item.default for item in fields(WorkspaceSettings) if item.name == "workspace_secret_name")
    name = resource("workspace_entry", "entry").member("name")
    assert isinstance(name, Literal)
    assert name.value == default


def test_it_has_the_members_that_the_service_reads() -> None:
    value = property_of(resource("workspace_entry", "entry"), "properties", "value")
    assert isinstance(value, Call)
    assert keys(value.arguments[0]) == set(_MEMBERS)
