"""Lists over HTTP: order, pages and their links, on a workspace of their own."""

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served

COUNT = 23


@pytest.fixture(scope="module")
def many(serve: Callable[..., Served], calling: Callable[[Served], Caller]) -> Caller:
    """A workspace with jobs of names in mixed order, on two targets, none of which runs soon."""
    caller = calling(serve(time_scale=100.0))
    body = caller.definition()
    names = [f"job {number:02d}" for number in range(COUNT)]
    random.Random(1).shuffle(names)
    for position, name in enumerate(names):
        target = {"target": "rigetti.sim.qvm"} if position % 3 else {"target": "rigetti.qpu.cepheus-1-108q"}
        assert caller.put(body | target | {"name": name}).status_code == 200
    return caller


def follow(caller: Caller, path: str, **params: str) -> tuple[list[dict[str, Any]], list[int]]:
    """All items by way of the links, and the sizes of the pages."""
    answer = caller.send("GET", path, params=params).json()
    items, sizes = list(answer["value"]), [len(answer["value"])]
    while link := answer["nextLink"]:
        assert len(sizes) <= COUNT, "there are more pages than jobs"
        answer = caller.client.get(link).json()
        items += answer["value"]
        sizes.append(len(answer["value"]))
    return items, sizes


PROPERTIES = {"CreationTime": "creationTime", "Name": "name", "Target": "target", "State": "status"}


@settings(max_examples=60)
@given(
    top=st.integers(1, COUNT + 2),
    skip=st.integers(0, COUNT + 2),
    order=st.none() | st.tuples(st.sampled_from(sorted(PROPERTIES)), st.sampled_from(["asc", "desc"])),
    target=st.sampled_from(["", "rigetti.sim.qvm", "rigetti.qpu.cepheus-1-108q", "ionq.simulator"]),
)
def test_pages_of_any_size_give_every_job_that_fits_once_in_order(
    many: Caller, top: int, skip: int, order: tuple[str, str] | None, target: str
) -> None:
    query = {"orderby": " ".join(order)} if order else {}
    query |= {"filter": f"Target eq '{target}'"} if target else {}
    items, sizes = follow(many, "/jobs", top=str(top), skip=str(skip), **query)
    everything, _ = follow(many, "/jobs", top="1000", skip="0")
    wanted = [job for job in everything if not target or job["target"] == target]
    # Equals stay in order of creation, backwards in `desc`.
    prop, direction = order or ("CreationTime", "asc")
    wanted.sort(key=lambda job: (job[PROPERTIES[prop]], job["creationTime"]), reverse=direction == "desc")
    wanted = wanted[skip:]
    assert [item["id"] for item in items] == [job["id"] for job in wanted]
    assert sizes == [len(wanted[start : start + top]) for start in range(0, max(len(wanted), 1), top)]


def test_a_filter_goes_along_from_page_to_page(many: Caller) -> None:
    expression = "startswith(Name, 'job 1') and (Target eq 'rigetti.sim.qvm')"
    items, _ = follow(many, "/jobs", top="2", filter=expression, orderby="Name desc")
    names = [item["name"] for item in items]
    assert names == sorted((name for name in names if name.startswith("job 1")), reverse=True)
    everything, _ = follow(many, "/jobs")
    wanted = {
        item["name"] for item in everything if item["name"][:5] == "job 1" and item["target"] == "rigetti.sim.qvm"
    }
    assert set(names) == wanted
    assert 0 < len(wanted) < 10


def test_the_link_is_absolute_and_holds_the_whole_query(many: Caller) -> None:
    answer = many.send("GET", "/jobs", params={"top": "5", "skip": "10", "filter": "State eq 'Waiting'"}).json()
    link = urlsplit(answer["nextLink"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{many.client.base_url}jobs"
    assert parse_qs(link.query) == {
        "filter": ["State eq 'Waiting'"],
        "top": ["5"],
        "skip": ["15"],
        "api-version": ["2026-01-15-preview"],
    }


def test_lists_hold_no_signatures(many: Caller) -> None:
    items, _ = follow(many, "/jobs")
    assert "sig=" not in str(items)


@pytest.mark.parametrize(
    "query",
    [
        {"top": "-1"},
        {"top": "many"},
        {"skip": "1.5"},
        {"orderby": "Metadata asc"},
        {"orderby": "Name sideways"},
        {"filter": "State eq"},
        {"filter": "CreationTime ge 2026-11-13CreationTime le 2026-11-23"},
    ],
)
def test_a_query_that_is_not_well_formed_is_refused(many: Caller, query: dict[str, str]) -> None:
    answer = many.send("GET", "/jobs", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidQuery")
