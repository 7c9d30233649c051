"""Quotas: what is held for jobs that have not ended, what was billed, and who is refused."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.azure_quantum import Script
from local.azure_quantum.script import ScriptWrong
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served

EMULATOR = "quantinuum.sim.h2-1e"
# 5 + shots x (10 + 10 x 10 + 5 x 10) / 5000 for the program that one is taken to be, the Bell program's 21 instead.
HELD, BILLED = 5 + 100 * 160 / 5000, 5 + 100 * 21 / 5000


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve(time_scale=1e-6)


@pytest.fixture
def caller(served: Served, calling: Callable[[Served], Caller]) -> Caller:
    return calling(served)


def follow(served: Served, queue: float = 0.0, **members: Any) -> None:
    served.workspace.follow(Script.of({"targets": {EMULATOR: {"queue_seconds": queue}}} | members))


def submitted(caller: Caller, **changes: Any) -> dict[str, Any]:
    return caller.submitted(providerId="quantinuum", target=EMULATOR, **changes)


def sums(caller: Caller, dimension: str = "ehqc") -> tuple[float, float]:
    """Utilization and holds."""
    found = next(quota for quota in caller.send("GET", "/quotas").json()["value"] if quota["dimension"] == dimension)
    return found["utilization"], found["holds"]


def test_a_job_that_has_not_ended_is_held_for_and_then_billed(served: Served, caller: Caller) -> None:
    follow(served, queue=1e12)
    jobs = [submitted(caller) for _ in range(3)]
    assert sums(caller) == pytest.approx((0.0, 3 * HELD))
    for job in jobs:
        caller.send("POST", f"/jobs/{job['id']}:cancel")
        caller.ended(job)
    assert sums(caller) == (0.0, 0.0)
    follow(served)
    caller.ended(submitted(caller))
    caller.ended(submitted(caller, program="broken"))
    assert sums(caller) == pytest.approx((BILLED, 0.0))
    assert sums(caller, "hqc") == (0.0, 0.0)


def test_a_job_that_is_deleted_stays_billed(served: Served, caller: Caller) -> None:
    follow(served)
    job = caller.ended(submitted(caller))
    usage = caller.send("GET", "/quotaUsages", params={"providerId": "quantinuum"}).json()
    assert caller.send("DELETE", f"/jobs/{job['id']}").status_code == 204
    assert sums(caller) == pytest.approx((BILLED, 0.0))
    assert caller.send("GET", "/quotaUsages", params={"providerId": "quantinuum"}).json() == usage


def test_a_job_over_the_quota_is_refused_when_quotas_are_enforced(served: Served, caller: Caller) -> None:
    follow(served, queue=1e12, quotas={"ehqc": 2 * HELD + 1})
    ids = [str(uuid.uuid4()) for _ in range(3)]
    body = caller.definition(providerId="quantinuum", target=EMULATOR)
    assert [caller.put(body, job_id).status_code for job_id in ids] == [200] * 3
    follow(served, queue=1e12, quotas={"ehqc": 4 * HELD + 1}, enforce_quotas=True)
    assert caller.put(body).status_code == 200
    refused = caller.put(body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "InsufficientResources")
    assert f"{4 * HELD:g} held" in refused.json()["error"]["message"]
    # A repeat is no new job, and what is free does not count.
    assert caller.put(body, ids[0]).status_code == 200
    assert caller.ended(caller.submitted())["status"] == "Succeeded"
    caller.send("POST", f"/jobs/{ids[0]}:cancel")
    caller.ended({"id": ids[0]})
    assert caller.put(body).status_code == 200


def test_a_quota_that_no_provider_has_is_named(served: Served) -> None:
    with pytest.raises(ScriptWrong, match="names credits: no provider has such a quota"):
        follow(served, quotas={"credits": 1})
