"""The circuits through the job API: counts as the referee's, keys as Qiskit writes them."""

import time
from typing import Any

import httpx
import pytest

from tests.conftest import submit
from tests.referee import installed
from tests.referee.circuits import CIRCUITS, DYNAMIC, flat
from tests.referee.conftest import TARGETS
from tests.referee.distributions import assert_agrees, assert_alike, sampled
from tests.referee.programs import WRITERS, openqasm2, openqasm3

pytestmark = installed.LONG
SHOTS = 10_000
SOURCES = {"openqasm2": openqasm2, "openqasm3": openqasm3, "qir": WRITERS["own"].write}
EMULATOR = "quantinuum.sim.h2-1e"


def done(api: httpx.Client, job_id: str) -> Any:
    """Poll a job, wide ones for as long as a worker may take."""
    for _ in range(450):
        job = api.get(f"/jobs/{job_id}").raise_for_status().json()
        if job["done"]:
            return job
        time.sleep(0.2)
    raise AssertionError(f"the job did not finish: {job}")


def counts_of(api: httpx.Client, format_: str, source: Any, target: str) -> dict[str, int]:
    answer = submit(api, target=target, shots=SHOTS, program={"format": format_, "source": source})
    assert answer.status_code == 202, answer.text
    job = done(api, answer.json()["id"])
    assert job["state"] == "succeeded", job["error"]
    counts: dict[str, int] = api.get(f"/jobs/{job['id']}/result").raise_for_status().json()["items"][0]["counts"]
    assert sum(counts.values()) == SHOTS
    return counts


@pytest.mark.parametrize("name", sorted(CIRCUITS.keys() - DYNAMIC))
@pytest.mark.parametrize("format_", SOURCES)
def test_counts_are_those_of_the_referee_under_qiskits_own_keys(api: httpx.Client, format_: str, name: str) -> None:
    assert_agrees(counts_of(api, format_, SOURCES[format_](CIRCUITS[name]()), "rigetti.sim.qvm"), name)


@pytest.mark.parametrize("name", sorted(DYNAMIC))
@pytest.mark.parametrize("format_", ["openqasm3", "qir"])
def test_feed_forward_comes_back_under_qiskits_own_keys(api: httpx.Client, format_: str, name: str) -> None:
    counts = counts_of(api, format_, SOURCES[format_](flat(CIRCUITS[name]())), EMULATOR)
    assert_alike(counts, sampled(name, TARGETS[EMULATOR]["noise"]))


def test_a_flip_in_one_of_three_registers_is_qiskits_key(api: httpx.Client) -> None:
    expected = sampled("one_flip")
    assert list(expected) == ["001 0 00"]
    assert counts_of(api, "openqasm3", openqasm3(CIRCUITS["one_flip"]()), "rigetti.sim.qvm") == {"001 0 00": SHOTS}
