"""The roles of the API's application are those that the service asks for."""

import json
from uuid import UUID

from quantum_jobs.models import JOBS_ADMIN, JOBS_READ_ALL, JOBS_SUBMIT
from tests.infra.reading import ROOT


def test_roles_are_those_of_the_service() -> None:
    roles = json.loads((ROOT / "infra" / "app_roles.json").read_text())
    assert [role["value"] for role in roles] == [JOBS_SUBMIT, JOBS_READ_ALL, JOBS_ADMIN]
    assert len({UUID(role["id"]) for role in roles}) == 3
    assert all(role["isEnabled"] for role in roles)
