"""Each part down, silent, slow, throttling or lying, at the wire: what still works, what callers see, how it heals."""

import time
import uuid
from contextlib import contextmanager

import httpx
import pytest

from local.state import State
from tests.cloud import start_cloud
from tests.conftest import Service, finished, submit

from .parts import PARTS, WAYS, fault

# What may be answered while a part is not well: (submit, status, result, targets). Accepted is 202; where
# a part is only slow, or does what it is asked and its answer is lost, the work may succeed all the same.
ASKED = ("submit", "status", "result", "targets")
WELL = ({202}, {200}, {200}, {200})
SEEN = {
    "managed_identity": WELL,  # tokens are kept, and renewed long before they end
    "key_vault": WELL,  # the last answer stays in force
    "azure_quantum": ({202, 409}, {200}, {200}, {200}),  # durable at once; refused once it is sure that nobody answers
    "blob": ({202}, {200}, {200, 503}, {200}),
    "queue": ({202, 503}, {200}, {200}, {200}),
    "table": ({202, 503}, {200, 503}, {200}, {200}),
}
BREAKS = {"queue": 0, "table": 0, "blob": 2}  # which of the four must fail where the part gives no answer at all
FAST = {("azure_quantum", "down"), ("table", "lost answers"), ("blob", "lying"), ("queue", "throttling")}
PAIRS = [
    (("azure_quantum", "down"), ("blob", "down")),
    (("azure_quantum", "silent"), ("key_vault", "silent")),
    (("table", "slow"), ("azure_quantum", "lost answers")),
    (("queue", "unanswered"), ("table", "unanswered")),
    (("blob", "lying"), ("azure_quantum", "throttling")),
    (("managed_identity", "down"), ("table", "cut")),
]


@contextmanager
def running(folder):
    with start_cloud("--no-limits", "--cache", "off", "--state", str(folder)) as cloud:
        service = Service(cloud.environment, State(folder))
        with service.api() as api:
            api.timeout = 12  # whatever hangs, a caller is answered within nine seconds
            yield service, api


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A service that has been at work: its tokens, its workspace and the tenant's keys are known."""
    with running(tmp_path_factory.mktemp("state")) as (service, api):
        finished(api, submit(api))
        yield service, api
        follow(service)


@pytest.fixture(autouse=True)
def nothing_is_left(request):
    yield
    if "place" in request.fixturenames:
        service, api = request.getfixturevalue("place")
        follow(service)
        service.script({"targets": {}})
        api.timeout = 12


def follow(service, *faults):
    service._control("PUT", "/control/faults", json={"faults": list(faults)})


def healthy(api):
    """Wait until the workspace is listed as well again; its breaker tries it by itself."""
    wait(lambda: availability(api, "rigetti.sim.qvm") == "available")


def wait(ready, seconds=100):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it does not heal"
        time.sleep(0.2)


def availability(api, target):
    return {item["id"]: item["availability"] for item in api.get("/targets").json()["value"]}[target]


def through(place, *faults):
    """Go through a fault as a caller: gives the four answers; afterwards all that was accepted has ended, once.

    How long each was waited for is printed (`pytest -rP` shows it).
    """
    service, api = place
    healthy(api)
    done, before = finished(api, submit(api)), len(service.workspace_jobs())
    on_its_way, key = submit(api, target="ionq.simulator"), str(uuid.uuid4())
    follow(service, *faults)
    answers = (
        submit(api, key=key),
        api.get(f"/jobs/{on_its_way.json()['id']}"),
        api.get(f"/jobs/{done['id']}/result"),
        api.get("/targets"),
    )
    follow(service)
    wait(lambda: submit(api, key=key).status_code == 202)
    jobs = [finished(api, on_its_way), finished(api, submit(api, key=key))]
    assert [job["state"] for job in jobs] == ["succeeded"] * 2
    if answers[0].status_code == 202:
        assert answers[0].json()["id"] == jobs[1]["id"]
    assert len(service.workspace_jobs()) - before == 2  # nothing doubled
    waits = (f"{name} {answer.elapsed.total_seconds():.1f} s" for name, answer in zip(ASKED, answers, strict=True))
    print(", ".join(waits))
    return answers


def told_when_to_come_back(answer):
    if answer.status_code < 400:
        return True
    slug = answer.json()["type"].rpartition("/")[2]
    expected = {503: "service-unavailable", 409: "target-unavailable"}[answer.status_code]
    return slug == expected and 1 <= int(answer.headers["Retry-After"]) <= 300


@pytest.mark.parametrize(
    ("part", "way"),
    [pytest.param(part, way, marks=[] if (part, way) in FAST else pytest.mark.long) for part in PARTS for way in WAYS],
)
@pytest.mark.timeout(400)
def test_callers_see_what_is_true_and_all_that_was_accepted_ends_once(place, part, way):
    answers = through(place, fault(part, way))
    for answer, allowed in zip(answers, SEEN[part], strict=True):
        assert answer.status_code in allowed, answer.text
        assert told_when_to_come_back(answer)
    if part in BREAKS and way != "slow":
        broken = answers[BREAKS[part]]
        assert broken.status_code == 503, "the fault did not reach the part"
        if way == "throttling":
            assert broken.headers["Retry-After"] == "7"


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " + ".join(map(" ".join, pair)))
def test_two_parts_that_fail_together_do_no_more_harm_than_each(place, pair):
    answers = through(place, *(fault(*one) for one in pair))
    for place_of_answer, answer in enumerate(answers):
        assert answer.status_code in set().union(*(SEEN[part][place_of_answer] for part, _ in pair))
        assert told_when_to_come_back(answer)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_dead_workspace_makes_its_targets_unavailable_and_nothing_else_slow(place):
    service, api = place
    healthy(api)
    done = finished(api, submit(api))
    follow(service, fault("azure_quantum", "silent"))
    wait(lambda: submit(api).status_code == 409)
    refused = submit(api)
    assert refused.json()["type"].endswith("/target-unavailable")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    api.timeout = 5
    for path in (f"/jobs/{done['id']}", f"/jobs/{done['id']}/result", "/jobs", "/usage"):
        assert api.get(path).status_code == 200
    api.timeout = 12
    follow(service)
    wait(lambda: submit(api).status_code == 202)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_provider_whose_jobs_fail_one_after_the_other_gets_none_and_others_do(place):
    service, api = place
    healthy(api)
    finished(api, submit(api))  # what was counted against the provider before is forgotten
    service.script({"targets": {"rigetti.sim.qvm": {"failure_rate": 1.0}}})
    jobs = [finished(api, submit(api, limits={"maxAttempts": 1})) for _ in range(5)]
    assert {job["state"] for job in jobs} == {"failed"}
    refused = submit(api)
    assert (refused.status_code, 1 <= int(refused.headers["Retry-After"]) <= 30) == (409, True)
    assert availability(api, "ionq.simulator") == "available"
    assert finished(api, submit(api, target="ionq.simulator"))["state"] == "succeeded"
    service.script({"targets": {}})
    probes = []
    wait(lambda: probes.append(submit(api)) or probes[-1].status_code == 202)
    assert finished(api, probes[-1])["state"] == "succeeded"
    assert finished(api, submit(api))["state"] == "succeeded"


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", ["managed_identity", "key_vault", "identity", "azure_quantum"])
@pytest.mark.parametrize("way", ["down", "silent", "lying", "throttling"])
def test_a_service_that_starts_while_a_part_is_away_says_so_and_comes_up_by_itself(tmp_path, part, way):
    with running(tmp_path) as (service, api):
        follow(service, fault(part, way))
        key = str(uuid.uuid4())
        answer = submit(api, key=key)
        assert (answer.status_code, told_when_to_come_back(answer)) == (503, True), answer.text
        assert httpx.get(service.environment["QUANTUM_JOBS_URL"] + "/health/live", trust_env=False).status_code == 200
        follow(service)
        wait(lambda: submit(api, key=key).status_code == 202)
        assert finished(api, submit(api, key=key))["state"] == "succeeded"
        assert len(service.workspace_jobs()) == 1
