"""The delivery planner: its file, its routes, its program, its way with the service, and the whole command."""

import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.loose.delivery import orders as orders_module
from examples.loose.delivery.orders import Order, OrdersFault, read_orders
from examples.loose.delivery.picture import plan_picture
from examples.loose.delivery.program import LAYERS, couplings, score, source, split_of
from examples.loose.delivery.routes import Routes
from examples.loose.delivery.service import Down, JobService, Refused
from tests.cloud import REPOSITORY
from tests.conftest import Service, finished, submit

TODAY = REPOSITORY / "examples/loose/delivery/orders.csv"
HEAD = ",".join(orders_module.COLUMNS)
ROW = "{},Ada,Mill Lane 4,1.5,-2,10"
KM = st.floats(-20, 20).map(lambda value: round(value, 1))


EAST_NORTH_WEST_SOUTH = [(1, (1, 0), 80), (2, (0, 1), 70), (3, (-1, 0), 10), (4, (0, -1), 20)]


def order(number, east, north, kg=10.0):
    return Order(str(number), "Ada", "Mill Lane 4", east, north, kg)


# The file
@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("3,Ada,Mill Lane 4,near,-2,10", "line 4: east_km is 'near', which is not a number"),
        ("3,Ada,Mill Lane 4,1.5,nan,10", "line 4: north_km is nan; it must lie between -100 and 100"),
        ("3,Ada,Mill Lane 4,1.5,-2,0", "line 4: kg is 0; it must lie between"),
        ("3,,Mill Lane 4,1.5,-2,10", "line 4: customer is empty"),
        ("3,Ada,Mill Lane 4,1.5,-2", "line 4: kg is empty"),
        ("3,Ada,Mill Lane 4,1.5,-2,10,11", "line 4: more values than columns"),
        ("2,Ada,Mill Lane 4,1.5,-2,10", "line 4: order 2 is there twice"),
    ],
)
def test_a_wrong_line_of_the_orders_is_named_with_what_is_wrong(tmp_path, line, fault):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEAD, ROW.format(1), ROW.format(2), line]))
    with pytest.raises(OrdersFault, match=re.escape(fault)):
        read_orders(path)


def test_a_missing_column_and_too_few_orders_are_said(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEAD.removesuffix(',kg')}\n")
    with pytest.raises(OrdersFault, match="line 1: no column kg"):
        read_orders(path)
    path.write_text(f"{HEAD}\n{ROW.format(1)}\n")
    with pytest.raises(OrdersFault, match="has 1 orders; this planner takes 3 to 14"):
        read_orders(path)
    with pytest.raises(OrdersFault, match="cannot be read"):
        read_orders(tmp_path / "none.csv")


# The routes
@given(st.lists(st.tuples(KM, KM), min_size=3, max_size=6), st.data())
def test_tours_are_as_short_as_the_best_of_all_permutations(places, data):
    routes = Routes([order(number, *place) for number, place in enumerate(places)], van_kg=1000)
    split = data.draw(st.sampled_from(list(routes.splits())))
    for van, group in zip(routes.vans(split), (routes.other(split), split), strict=True):
        assert sorted(van) == [place for place in range(len(places)) if group >> place & 1]
        shortest = min(_length([places[i] for i in stops]) for stops in itertools.permutations(van))
        assert routes.tour(group) == pytest.approx(shortest)
        assert _length([places[i] for i in van]) == pytest.approx(shortest)


def _length(stops):
    way = [(0.0, 0.0), *stops, (0.0, 0.0)]
    return sum(math.dist(one, other) for one, other in itertools.pairwise(way))


def test_no_split_of_today_is_shorter_than_the_best_and_the_rule_of_thumb_keeps_the_vans_load():
    routes = Routes(read_orders(TODAY), van_kg=90)
    best, thumb = routes.best(), routes.rule_of_thumb()
    assert routes.fits(best)
    assert routes.fits(thumb)
    assert routes.km(best) == min(routes.km(split) for split in routes.splits() if routes.fits(split))
    assert (round(routes.km(best), 1), round(routes.km(thumb), 1)) == (50.3, 52.4)  # what docs/examples.md tells


def test_the_rule_of_thumb_takes_any_split_that_fits_where_no_two_sectors_do():
    around = [order(number, *place, kg=kg) for number, place, kg in EAST_NORTH_WEST_SOUTH]
    routes = Routes(around, van_kg=90)
    assert routes.rule_of_thumb() == 0b1010  # north and south; east and west go together


def test_a_load_that_no_two_vans_can_carry_is_refused():
    three = [order(number, number, 1, kg=60) for number in range(3)]
    with pytest.raises(OrdersFault, match="no split of 180 kg fits into two vans of 100 kg"):
        Routes(three, van_kg=100)


# The program
def test_the_mean_score_of_the_program_is_that_of_its_exact_state(api):
    """Five orders, 2,000 shots: within 5 standard errors, so a false alarm comes once in two million runs."""
    five = read_orders(TODAY)[:5]
    pairs = couplings(five, Routes(five, van_kg=100).between)
    scores = np.array([score(split, pairs) for split in range(0, 32, 2)])
    exact = _probabilities(scores, gamma=0.3, beta=0.45)
    job = finished(
        api,
        submit(
            api,
            shots=2000,
            program={"format": "openqasm3", "source": source(5, pairs)},
            parameterSets=[{"gamma": 0.3, "beta": 0.45}],
        ),
    )
    counts = api.get(job["links"]["result"]).json()["items"][0]["counts"]
    mean = sum(score(split_of(outcome), pairs) * times for outcome, times in counts.items()) / 2000
    expected = exact @ scores
    spread = math.sqrt(exact @ (scores - expected) ** 2 / 2000)
    assert expected < -2 * scores.std() / 4  # the angles do something
    assert abs(mean - expected) < 5 * spread


def _probabilities(scores, gamma, beta):
    """QAOA in dense matrices: phases of the score, then a turn of every qubit about x, layer by layer."""
    qubits = int(math.log2(len(scores)))
    state = np.full(len(scores), len(scores) ** -0.5, dtype=complex)
    for layer in range(LAYERS):
        state = state * np.exp(-1j * gamma * (layer + 1) / LAYERS * scores)
        angle = -beta * (1 - layer / LAYERS)
        turn = np.array([[math.cos(angle), -1j * math.sin(angle)], [-1j * math.sin(angle), math.cos(angle)]])
        whole = np.eye(1)
        for _ in range(qubits):
            whole = np.kron(whole, turn)
        state = whole @ state
    return np.abs(state) ** 2


# The service
def service_that(*answers, slept):
    """A JobService whose server gives these answers in turn, and then the last for ever; waits go to `slept`."""
    left, seen = list(answers), []

    def answer(request):
        seen.append(request)
        given_ = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(given_, Exception):
            raise given_
        return given_

    http = httpx.Client(base_url="https://jobs.test", transport=httpx.MockTransport(answer))
    return JobService(http, patience=100, sleep=slept.append), seen


def accepted(done=False, **headers):
    job = {"id": "job_1", "state": "succeeded" if done else "queued", "done": done, "error": None}
    links = {"self": "https://jobs.test/jobs/job_1", "result": "https://jobs.test/jobs/job_1/result"}
    return httpx.Response(202, json=job | {"links": links}, headers=headers)


def test_it_looks_no_more_often_than_the_service_asks():
    slept = []
    result = httpx.Response(200, json={"items": []})
    service, _ = service_that(accepted(**{"Retry-After": "7"}), accepted(True), result, slept=slept)
    assert service.follow(service.submit({"shots": 1})) == {"items": []}
    assert slept == [7]


def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_a_busy_service_given_its_time():
    slept = []
    busy = httpx.Response(429, json={"title": "Too many"}, headers={"Retry-After": "3"})
    service, seen = service_that(httpx.ReadTimeout("late"), busy, accepted(), slept=slept)
    service.submit({"shots": 1})
    assert slept == [1, 3]
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1


def test_another_job_has_another_key():
    service, seen = service_that(accepted(), slept=[])
    service.submit({"shots": 1})
    service.submit({"shots": 2})
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 2


def test_the_job_of_an_earlier_start_that_failed_is_posted_anew():
    failed = httpx.Response(202, json={"id": "job_0", "state": "failed", "done": True})
    service, seen = service_that(failed, accepted(), slept=[])
    assert service.submit({"shots": 1}).json()["id"] == "job_1"
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 2


@pytest.mark.parametrize("answer", [httpx.ConnectError("refused"), httpx.Response(503, text="<html>gateway</html>")])
def test_a_service_that_stays_away_is_down_and_not_asked_for_ever(answer):
    slept = []
    service, seen = service_that(answer, slept=slept)
    with pytest.raises(Down):
        service.submit({"shots": 1})
    assert len(seen) == 4


def test_a_job_that_does_not_end_is_given_up_when_patience_is_over():
    service, _ = service_that(accepted(**{"Retry-After": "101"}), slept=[])
    with pytest.raises(Down, match="job job_1 is still queued, and 100 s are over"):
        service.follow(service.submit({"shots": 1}))


def test_a_refusal_is_said_with_title_detail_and_places():
    problem = {"title": "No", "detail": "Two faults.", "errors": [{"line": 3, "detail": "what"}]}
    service, _ = service_that(httpx.Response(422, json=problem), slept=[])
    with pytest.raises(Refused, match=re.escape("422 No. Two faults. (line 3: what)")):
        service.submit({"shots": 1})


# The picture
def test_the_picture_is_well_formed_whatever_the_customers_names_are():
    three = [Order("1", "<b>&", "x", 1, 1, 1), order(2, 0, 0), order(3, 0, 0)]
    drawn = ET.fromstring(plan_picture("T & <U>", Routes(three, 90), 2))  # noqa: S314 - our own text
    assert "<b>&" in [element.text for element in drawn.iter()]


# The whole command
def plan(service: Service, folder: Path, *arguments, **environment):
    command = [sys.executable, "-m", "examples.loose.delivery", "--to", str(folder), *arguments]
    kept = {**os.environ, **service.environment, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=kept, cwd=REPOSITORY, check=False)


def test_the_service_finds_a_plan_that_is_shorter_than_the_rule_of_thumbs(service, tmp_path):
    """The seed makes it the same run each time. Without it, one run in 400 or so finds nothing shorter."""
    done = plan(service, tmp_path, "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^best +50\.3 km", done.stdout, re.MULTILINE)
    assert "NOT FROM" not in done.stdout
    text = (tmp_path / "plan.txt").read_text()
    assert sorted(re.findall(r"^ +\d+  (\d{4}) ", text, re.MULTILINE)) == [str(2101 + place) for place in range(12)]
    assert all(int(kg) <= 90 for kg in re.findall(r"(\d+) of 90 kg", text))
    ET.parse(tmp_path / "plan.svg")  # noqa: S314 - our own file

    again = plan(service, tmp_path, "--seed", "7")
    assert again.stdout.count(", of an earlier start") == 2  # the same orders: the same two jobs, nothing paid twice
    assert (tmp_path / "plan.txt").read_text() == text


@pytest.mark.parametrize(
    ("arguments", "environment", "why"),
    [
        (["--patience", "0.5"], {"QUANTUM_JOBS_URL": "http://127.0.0.1:1/v1"}, "does not answer"),
        (["--target", "ionq.qpu.aria-1"], {}, "and 0.00 may be spent"),
    ],
)
def test_without_the_service_the_vans_drive_by_the_rule_of_thumb_and_the_plan_says_so(
    service, tmp_path, arguments, environment, why
):
    done = plan(service, tmp_path, *arguments, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(rf"NOT FROM THE QUANTUM SERVICE: .*{why}", done.stdout)
    assert "found by the rule of thumb\n12 orders, 52.4 km" in (tmp_path / "plan.txt").read_text()


def test_a_mistake_is_said_in_one_line_and_makes_no_plan(service, tmp_path):
    wrong = tmp_path / "orders.csv"
    wrong.write_text(TODAY.read_text().replace("20", "heavy", 1))
    for arguments, environment, fault in (
        (["--target", "rigetti.sim.qmv"], {}, "Did you mean rigetti.sim.qvm?"),
        ([], {"QUANTUM_JOBS_TOKEN": "x.y.z"}, "401"),
        ([], {"QUANTUM_JOBS_URL": ""}, "make delivery"),
        ([str(wrong)], {}, "kg is 'heavy', which is not a number"),
    ):
        done = plan(service, tmp_path / "plan", *arguments, **environment)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert fault in done.stderr
        assert not (tmp_path / "plan").exists()
