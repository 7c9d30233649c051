"""An application that drives the workspace itself, through the local cloud: real SDKs, real storage, real jobs."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessToken

import quantum_jobs
from local.issuer import Issuer
from local.names import MANAGED_IDENTITY_CLIENT_ID, MANAGED_IDENTITY_PRINCIPAL_ID
from quantum_jobs.errors import (
    CheckpointMismatch,
    CheckpointTaken,
    JobFailed,
    LoopOverBudget,
    ProgramInvalid,
    SessionClosed,
    TargetUnavailable,
)

from . import samples
from .conftest import Service

QVM = "rigetti.sim.qvm"
ROTATION = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\nqubit[2] q;\nbit[2] c;\n'
    "ry(theta) q[0];\nc = measure q;\n"
)


@pytest.fixture
def cloud(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The local cloud, with this process led to it."""
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    yield service
    service.script({})


def client(name: str = "tests", **options: object) -> quantum_jobs.Client:
    return quantum_jobs.connect(name, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("records", ["memory", "table"])
def test_a_program_runs_and_its_counts_are_in_the_stated_order(cloud, records):
    source = samples.BELL.replace("h q[0];\ncx q[0], q[1];", "x q[0];")
    with client(records=records) as application:
        result = application.run(source, target=QVM, shots=20)
    assert (result.counts, result.target, result.from_cache) == ({"01": 20}, QVM, False)


def test_a_sweep_gives_an_item_for_each_set_in_order(cloud):
    sets = [{"theta": 0.0}, {"theta": 3.141592653589793}]
    with client(records="memory") as application:
        result = application.run(ROTATION, target=QVM, shots=10, parameter_sets=sets)
    assert [(item.parameters, item.counts) for item in result.items] == [(sets[0], {"00": 10}), (sets[1], {"01": 10})]


def test_more_sets_than_one_job_takes_run_in_several_and_come_back_in_order(cloud):
    sets = [{"theta": 3.141592653589793 * (number % 2)} for number in range(310)]
    with client(records="memory") as application:
        result = application.run(ROTATION, target=QVM, shots=2, parameter_sets=sets)
    assert len(result.job_ids) == 2
    assert [next(iter(item.counts)) for item in result.items] == ["00", "01"] * 155


def test_the_same_awaited_gives_the_same(cloud):
    async def both() -> list[dict[str, int]]:
        async with quantum_jobs.connect_async("tests", records="memory") as application:
            results = await asyncio.gather(
                *(application.run(ROTATION, target=QVM, shots=10, parameter_sets=[{"theta": 0.0}]) for _ in range(5))
            )
        return [dict(result.counts) for result in results]

    assert asyncio.run(both()) == [{"00": 10}] * 5


def test_a_job_that_one_process_submitted_another_can_fetch(cloud):
    name = uuid.uuid4().hex
    with client(name) as application:
        job_id = application.submit(samples.BELL, target=QVM, shots=30).id
    with client(name) as application:
        assert sum(application.job(job_id).result().counts.values()) == 30
        assert [job.id for job in application.jobs()] == [job_id]


def test_in_memory_nothing_is_left_in_the_account_when_the_client_closes(cloud):
    with client(records="memory") as application:
        job = application.submit(samples.BELL, target=QVM, shots=10)
        job.result()
        attempt = application._client._watched or job._job.record.attempt.provider_job_id
    assert not has_container(cloud, f"job-{attempt}")


def has_container(cloud: Service, name: str) -> bool:
    from azure.storage.blob import BlobServiceClient

    from quantum_jobs.identity import managed_identity

    account = cloud.environment["STORAGE_ACCOUNT_NAME"]
    with BlobServiceClient(f"https://{account}.blob.core.windows.net", managed_identity("")) as blobs:
        return blobs.get_container_client(name).exists()


def test_a_program_that_does_not_compile_is_refused_with_its_place_and_costs_nothing(cloud):
    before = cloud.workspace_jobs()
    with client() as application, pytest.raises(ProgramInvalid, match="Line 2, column 1: gate 'foo' is not defined"):
        application.run("OPENQASM 3.0; qubit[1] q;\nfoo q[0];", target=QVM, shots=1)
    assert cloud.workspace_jobs() == before


def test_equal_submits_share_one_job_and_its_result_is_given_again(cloud, tmp_path):
    before = len(cloud.workspace_jobs())
    with client(cache=tmp_path / "cache") as application:
        jobs = [application.submit(samples.BELL, target=QVM, shots=17) for _ in range(3)]
        counts = [job.result().counts for job in jobs]
    with client(cache=tmp_path / "cache") as application:
        again = application.run(samples.BELL.replace("\n", "  \n"), target=QVM, shots=17)
        assert (application.savings.cached, application.savings.jobs) == (1, 1)
    assert counts == [again.counts] * 3
    assert again.from_cache
    assert len(cloud.workspace_jobs()) == before + 1


def test_a_failure_that_passes_is_tried_again_without_the_application_knowing(cloud):
    cloud.script({"targets": {QVM: {"fail_next": 1}}})
    with client(records="memory") as application:
        job = application.submit(samples.BELL, target=QVM, shots=10)
        assert sum(job.result().counts.values()) == 10
        assert len(application.jobs()[0].attempts) == 2


class ShortLived:
    """An identity whose tokens are good for eight seconds: an hour's loop, hurried."""

    def __init__(self, cloud: Service) -> None:
        self.asked: list[str] = []
        self._issuer = Issuer.of(cloud.state)

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        self.asked.append(scopes[0])
        token = self._issuer.issue(
            scopes[0].removesuffix("/.default"),
            subject=MANAGED_IDENTITY_PRINCIPAL_ID,
            app_id=MANAGED_IDENTITY_CLIENT_ID,
            lifetime_seconds=8,
            version="1.0",
        )
        return AccessToken(token, int(time.time()) + 8)


def test_a_loop_outlives_its_tokens(cloud):
    identity = ShortLived(cloud)
    ends = time.monotonic() + 10
    with client(uuid.uuid4().hex, credential=identity) as application, application.loop("long", target=QVM) as loop:
        while time.monotonic() < ends:
            assert loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}]).counts == {"00": 5}
    again = [scope for scope in set(identity.asked) if "quantum" in scope or "storage" in scope]
    assert len(again) >= 2
    assert all(identity.asked.count(scope) > 1 for scope in again)


def test_processes_that_share_an_account_share_its_cache(cloud):
    name = uuid.uuid4().hex
    for from_cache in (False, True):
        with client(name, cache="blob") as application:
            assert application.run(samples.BELL, target=QVM, shots=18).from_cache is from_cache
    with client(uuid.uuid4().hex, cache="blob") as another:
        assert another.run(samples.BELL, target=QVM, shots=18).from_cache is False


def test_any_number_of_threads_may_use_one_client(cloud):
    with client(records="memory", pace=quantum_jobs.Pace(unfinished=3)) as application, ThreadPoolExecutor(8) as pool:
        angles = [0.0, 3.141592653589793] * 8

        def run(angle: float) -> dict[str, int]:
            return dict(application.run(ROTATION, target=QVM, shots=5, parameter_sets=[{"theta": angle}]).counts)

        assert list(pool.map(run, angles)) == [{"00": 5}, {"01": 5}] * 8


def test_a_program_that_forgets_to_close_its_client_ends_all_the_same(cloud):
    script = (
        "import sys, quantum_jobs; c = quantum_jobs.connect('forgetful');"
        f"print(c.run(sys.argv[1], target={QVM!r}, shots=3).counts); c.submit(sys.argv[1], target={QVM!r}, shots=3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, samples.BELL.replace("h q[0];", "")],
        env={**os.environ, **cloud.environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{'00': 3}\n", "")


def test_a_loop_whose_session_a_failed_job_has_ended_goes_on_in_another(cloud):
    name = uuid.uuid4().hex
    asked = [{"theta": 0.0}, {"theta": 0.1}]
    with client() as application, application.loop(name, target=QVM, session=True) as loop:
        loop.run(ROTATION, shots=5, parameter_sets=[asked[0]])
        cloud.script({"targets": {QVM: {"fail_next": 1, "failure": {"code": "InvalidInputData", "message": "no"}}}})
        with pytest.raises(JobFailed):
            loop.run(ROTATION, shots=5, parameter_sets=[asked[1]])
        with pytest.raises(SessionClosed):
            loop.run(ROTATION, shots=5, parameter_sets=[asked[1]])
    with client() as application, application.loop(name, target=QVM, session=True) as loop:
        for values in asked:
            assert sum(loop.run(ROTATION, shots=5, parameter_sets=[values]).counts.values()) == 5
        assert (loop.replayed, loop.place) == (1, 2)


def test_a_session_holds_its_jobs_and_is_closed_at_its_end(cloud):
    with client(records="memory") as application:
        with application.session(QVM, name="pair") as session:
            for _ in range(2):
                session.run(samples.BELL, shots=5)
        assert workspace_session(cloud, session.id) == ("pair", "Succeeded", 2)


def workspace_session(cloud: Service, session_id: str) -> tuple[str, str, int]:
    with cloud._azure() as azure:
        found = azure.get(cloud._workspace_url(f"sessions/{session_id}")).raise_for_status().json()
        jobs = azure.get(cloud._workspace_url(f"sessions/{session_id}/jobs")).raise_for_status().json()
    return found["name"], found["status"], len(jobs["value"])


def test_a_failed_job_ends_a_session_and_the_next_submit_says_so(cloud):
    with client(records="memory") as application, application.session(QVM, name="short") as session:
        cloud.script({"targets": {QVM: {"fail_next": 1, "failure": {"code": "InvalidInputData", "message": "no"}}}})
        with pytest.raises(JobFailed, match="no"):
            session.run(samples.BELL, shots=5)
        with pytest.raises(SessionClosed, match=r"'short' has ended.*a job of it failed"):
            session.run(samples.BELL, shots=5)


def test_a_target_that_went_away_is_named_and_a_loop_goes_on_when_it_is_back(cloud):
    name = uuid.uuid4().hex
    with client() as application, application.loop(name, target=QVM) as loop:
        loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])
        cloud.script({"targets": {QVM: {"availability": "Unavailable"}}})
        # Refused on the workspace's word, or by the workspace itself where that word is two seconds old.
        with pytest.raises((TargetUnavailable, JobFailed), match="available"):
            run_on(loop)
        left_at = loop.place - 1  # the last place came to nothing
        cloud.script({})
    with client() as application, application.loop(name, target=QVM) as loop:
        for _ in range(left_at):
            loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])
        assert loop.replayed == left_at
        wait_until_available(application)
        assert loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}]).counts == {"00": 5}


def run_on(loop: quantum_jobs.Loop) -> None:
    for _ in range(1000):
        loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])


def wait_until_available(application: quantum_jobs.Client) -> None:
    deadline = time.monotonic() + 20
    while application.target(QVM).availability != "Available":
        assert time.monotonic() < deadline
        time.sleep(0.2)


LOOP = """
    import sys, quantum_jobs
    source, name, most, dies_at = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with quantum_jobs.connect("loops") as client, client.loop(name, target="rigetti.sim.qvm", session=True) as loop:
        value = 0.0
        for step in range(most):
            if step == dies_at:
                loop.submit(source, shots=50, parameter_sets=[{"theta": value}])
                print(client.jobs(most=1)[0].id, flush=True)
                import os, signal
                os.kill(os.getpid(), signal.SIGKILL)
            value += loop.run(source, shots=50, parameter_sets=[{"theta": value}]).counts.get("01", 0) / 50 + 0.1
        print(value, loop.replayed, loop.place)
"""


def run_loop(cloud: Service, name: str, most: int, dies_at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(LOOP), ROTATION, name, str(most), str(dies_at)]
    return subprocess.run(
        command, env={**os.environ, **cloud.environment}, capture_output=True, text=True, timeout=100, check=False
    )


def test_a_loop_that_was_killed_goes_on_where_it_was_and_pays_for_nothing_twice(cloud):
    name, before = uuid.uuid4().hex, len(cloud.workspace_jobs())
    killed = run_loop(cloud, name, 12, dies_at=7)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(cloud.workspace_jobs()) == before + 8  # seven, and the one that was under way
    resumed = run_loop(cloud, name, 12, dies_at=-1)
    assert resumed.returncode == 0, resumed.stderr
    value, replayed, place = resumed.stdout.split()
    assert (replayed, place) == ("7", "12")
    assert len(cloud.workspace_jobs()) == before + 12
    again = run_loop(cloud, name, 12, dies_at=-1)
    assert again.stdout.split() == [value, "12", "12"]
    assert len(cloud.workspace_jobs()) == before + 12


@pytest.mark.long
def test_a_loop_killed_at_iteration_57_continues_at_57(cloud):
    name, before = uuid.uuid4().hex, len(cloud.workspace_jobs())
    assert run_loop(cloud, name, 60, dies_at=57).returncode == -signal.SIGKILL
    resumed = run_loop(cloud, name, 60, dies_at=-1)
    assert resumed.stdout.split()[1:] == ["57", "60"], resumed.stderr
    assert len(cloud.workspace_jobs()) == before + 60


def test_a_checkpoint_of_another_program_is_refused_before_anything_is_submitted(cloud):
    name, before = uuid.uuid4().hex, len(cloud.workspace_jobs())
    with client() as application:
        with application.loop(name, target=QVM) as loop:
            loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])
        with (
            application.loop(name, target=QVM) as loop,
            pytest.raises(CheckpointMismatch, match="Submit 0 of this loop"),
        ):
            loop.run(samples.BELL, shots=5)
        with application.loop(name, target=QVM, fresh=True) as loop:
            assert sum(loop.run(samples.BELL, shots=5).counts.values()) == 5
    assert len(cloud.workspace_jobs()) == before + 2


def test_two_processes_cannot_both_carry_on_a_loop(cloud):
    name = uuid.uuid4().hex
    with client() as application, application.loop(name, target=QVM) as one, application.loop(name, target=QVM) as two:
        one.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])
        with pytest.raises(CheckpointTaken):
            two.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])  # the same job, not a second


def test_a_loop_stops_before_the_job_that_its_budget_does_not_cover(cloud):
    source = samples.BELL
    with client(uuid.uuid4().hex) as application:
        price = application.estimate(source, shots=100, targets=["ionq.qpu.aria-1"]).targets[0].cost
        budget = str(float(price.amount) * 2.5)
        cloud.script({"targets": {"ionq.qpu.aria-1": {"queue_seconds": 0, "execution_seconds": 0}}})
        with application.loop("money", target="ionq.qpu.aria-1", max_cost=budget) as loop:
            for _ in range(2):
                loop.run(source, shots=100)
            with pytest.raises(LoopOverBudget, match="has spent"):
                loop.run(source, shots=100)
        with application.loop("money", target="ionq.qpu.aria-1", max_cost=budget) as loop:
            for _ in range(2):
                loop.run(source, shots=100)
            assert loop.spent.micros > 0
            with pytest.raises(LoopOverBudget):
                loop.run(source, shots=100)


def test_a_state_that_was_kept_is_where_the_next_process_begins(cloud):
    name = uuid.uuid4().hex
    with client() as application:
        with application.loop(name, target=QVM) as loop:
            loop.run(ROTATION, shots=5, parameter_sets=[{"theta": 0.0}])
            loop.save({"step": 1})
        with application.loop(name, target=QVM) as loop:
            assert (loop.state, loop.place) == ({"step": 1}, 1)


def test_nothing_of_http_is_loaded(cloud):
    script = "import sys, quantum_jobs; quantum_jobs.connect('a', records='memory').close(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **cloud.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert not loaded & {f"quantum_jobs.{name}" for name in ("app", "requests", "responses", "operations", "openapi")}
    assert "azure.functions" not in loaded


def test_the_package_itself_loads_nothing():
    script = "import sys, quantum_jobs; print(*(name for name in sys.modules if name.startswith('quantum_jobs.')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
