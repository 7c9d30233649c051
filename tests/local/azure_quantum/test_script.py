"""Behaviour by script: what a script says is what a caller sees, and what it cannot mean is refused."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from local import control
from local.azure_quantum import Script
from local.azure_quantum.script import ScriptWrong
from local.wire import Counter
from tests.asgi import AsgiClient
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served

QVM = "rigetti.sim.qvm"


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served]) -> Served:
    return serve(time_scale=0.001)


@pytest.fixture(scope="module")
def caller(calling: Callable[[Served], Caller], served: Served) -> Caller:
    return calling(served)


def follow(served: Served, **behaviour: object) -> None:
    served.workspace.follow(Script.of({"targets": {QVM: behaviour}}))


def status_of(caller: Caller, target_id: str) -> tuple[str, str, int]:
    """Availability of the provider and the target, and the target's queue time."""
    for provider in caller.send("GET", "/providerStatus").json()["value"]:
        for target in provider["targets"]:
            if target["id"] == target_id:
                return provider["currentAvailability"], target["currentAvailability"], target["averageQueueTime"]
    raise LookupError(target_id)


def test_the_next_jobs_fail_with_the_error_that_is_told_and_those_after_succeed(served: Served, caller: Caller) -> None:
    follow(served, fail_next=2, failure={"code": "quantinuum - 1001", "message": "Too hot."})
    ended = [caller.ended(caller.submitted()) for _ in range(3)]
    assert [job["status"] for job in ended] == ["Failed", "Failed", "Succeeded"]
    assert ended[0]["errorData"] == {"code": "quantinuum - 1001", "message": "Too hot."}
    assert (ended[0]["costEstimate"], ended[2]["errorData"]) == (None, None)


def test_a_rate_lets_about_that_many_fail_and_the_seed_repeats_which(serve: Callable[..., Served]) -> None:
    script = Script.of({"targets": {QVM: {"failure_rate": 0.3}}})
    workspace = serve(script=script).workspace
    target = workspace.catalogue.find("rigetti", QVM)
    assert target is not None
    failing = [script.failure(target, random.Random(f"seed:{number}")) is not None for number in range(2000)]
    again = [script.failure(target, random.Random(f"seed:{number}")) is not None for number in range(2000)]
    assert failing == again
    # Five standard deviations of a binomial of 2,000 draws.
    assert abs(sum(failing) - 600) < 5 * (2000 * 0.3 * 0.7) ** 0.5


def test_a_queue_lasts_as_told_and_providers_tell_it(served: Served, caller: Caller) -> None:
    follow(served, queue_seconds=3_000_000)
    job = caller.submitted()
    assert status_of(caller, QVM) == ("Available", "Available", 3000)
    assert caller.get(job["id"])["status"] == "Waiting"
    follow(served)
    assert status_of(caller, QVM) == ("Available", "Available", 0)
    assert caller.ended(caller.submitted())["status"] == "Succeeded"
    assert caller.get(job["id"])["status"] == "Waiting"
    assert caller.send("POST", f"/jobs/{job['id']}:cancel").status_code == 204


def test_each_state_lasts_as_told(served: Served, caller: Caller) -> None:
    for told, state in (("execution_seconds", "Executing"), ("finishing_seconds", "Finishing")):
        follow(served, **{told: 300.0})
        job = caller.submitted()
        seen = set()
        while (status := caller.get(job["id"])["status"]) != "Succeeded":
            seen.add(status)
        assert state in seen


def test_an_unavailable_target_takes_no_new_job_and_ends_those_it_has(served: Served, caller: Caller) -> None:
    follow(served, queue_seconds=200)
    job = caller.submitted()
    follow(served, availability="Unavailable")
    refused = caller.put(caller.definition())
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidJobDefinition")
    assert status_of(caller, QVM)[:2] == ("Degraded", "Unavailable")
    assert caller.ended(job)["status"] == "Succeeded"
    follow(served, availability="Degraded")
    assert caller.ended(caller.submitted())["status"] == "Succeeded"
    assert status_of(caller, QVM)[:2] == ("Degraded", "Degraded")


def test_keys_can_be_disabled(served: Served, caller: Caller) -> None:
    served.workspace.follow(Script(api_keys_enabled=False))
    assert caller.send("GET", "/jobs").status_code == 401
    served.workspace.follow(Script())
    assert caller.send("GET", "/jobs").status_code == 200


def test_an_open_session_times_out_as_told(served: Served, caller: Caller) -> None:
    session = "/sessions/5e551000-0000-4000-8000-000000000007"
    body = {"name": "s", "providerId": "rigetti", "target": QVM}
    assert caller.send("PUT", session, json=body).json()["status"] == "Waiting"
    served.workspace.follow(Script(session_idle_seconds=1e-6))
    assert caller.send("GET", session).json()["status"] == "TimedOut"
    served.workspace.follow(Script())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[targets."no.such"]\nfail_next = 1', "names no.such: there is no such target"),
        (f'[targets."{QVM}"]\nfail_text = 1', r"targets.rigetti.sim.qvm.fail_text: Extra inputs"),
        (f'[targets."{QVM}"]\nfailure_rate = 2', "less than or equal to 1"),
        ("targets =", "is not TOML"),
    ],
)
def test_a_script_that_is_wrong_says_what_is_wrong(served: Served, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "script.toml").write_text(text)
    with pytest.raises(ScriptWrong, match=message):
        served.workspace.follow(Script.read(tmp_path / "script.toml"))
    with pytest.raises(ScriptWrong, match="cannot be read"):
        Script.read(tmp_path)


def test_the_control_endpoint_takes_a_script(served: Served) -> None:
    app = control.application(Counter(), dict, lambda document: served.workspace.follow(Script.of(document)))
    panel = AsgiClient(app)
    assert panel.request("PUT", "/control/script", json={"targets": {QVM: {"fail_next": 1}}}).status_code == 204
    assert served.workspace.lifecycle.script.targets[QVM].fail_next == 1
    wrong = panel.request("PUT", "/control/script", json={"targets": {"none": {}}})
    assert (wrong.status_code, wrong.text) == (400, "The script names none: there is no such target.")
    assert panel.request("PUT", "/control/script", content=b"{").text == "The script is not JSON."
    assert panel.request("PUT", "/control/script", json={}).status_code == 204
