"""Random operations against a model: states, sessions, lists and lines agree with it after each, over restarts too."""

import itertools
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served
from tests.local.azure_quantum.rests import FINAL, HOLDS, PLACES, RESTS, TARGETS, provider_of, script

SESSION_FINAL = {"Succeeded", "Failed", "TimedOut"}
# From the recordings of the service; a poll may miss states in between.
NEXT = {"Waiting": {"Executing", "Finishing"}, "Executing": {"Finishing"}, "Finishing": set[str]()}
numbers = st.integers(0, 100)


@dataclass
class Known:
    """A job as the model has it; `state` is where it rests now."""

    id: str
    name: str
    target: str
    session: "Opened | None"
    priority: str
    created: int
    state: str = "Waiting"
    shown: dict[str, Any] | None = None
    """What was shown when it was final."""

    @property
    def place(self) -> tuple[bool, int]:
        return self.priority != "High", self.created


@dataclass
class Opened:
    """A session as the model has it, and what its state was when it was final."""

    id: str
    name: str
    target: str
    policy: str
    created: int
    closed: bool = False
    begun: bool = False
    failed: bool = False
    final: str = ""


def without_links(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if not name.endswith("Uri")}


class Workspace(RuleBasedStateMachine):
    """Every rule leaves all jobs at rest, so that the model can say in which state each is."""

    def __init__(self, served: Served, caller: Caller, body: dict[str, Any]) -> None:
        super().__init__()
        self.served, self.caller, self.body = served, caller, body
        self.prefix = f"{uuid.uuid4()} "
        self.count = itertools.count(1)
        self.jobs: list[Known] = []
        self.sessions: list[Opened] = []
        self.deleted: list[str] = []

    def pick[T](self, things: list[T], number: int) -> T | None:
        return things[number % len(things)] if things else None

    @rule(where=st.sampled_from(TARGETS), policy=st.sampled_from(["Abort", "Continue"]))
    def open(self, where: str, policy: str) -> None:
        session = Opened(str(uuid.uuid4()), f"{self.prefix}s", where, policy, next(self.count))
        provider = provider_of(where)
        body = {"name": session.name, "providerId": provider, "target": where, "jobFailurePolicy": policy}
        assert self.caller.send("PUT", f"/sessions/{session.id}", json=body).status_code == 200
        self.sessions.append(session)

    @rule(number=numbers)
    def close(self, number: int) -> None:
        session = self.pick(self.sessions, number)
        if session:
            session.closed = session.closed or not session.final
            assert self.caller.send("POST", f"/sessions/{session.id}:close").status_code == 200

    @rule(where=st.sampled_from(TARGETS), priority=st.sampled_from(["Standard", "High"]))
    def put(self, where: str, priority: str) -> None:
        self.put_into(None, where, priority)

    @rule(number=numbers, priority=st.sampled_from(["Standard", "High"]), count=st.integers(1, 3))
    def put_into_session(self, number: int, priority: str, count: int) -> None:
        session = self.pick(self.sessions, number)
        if session:
            for _ in range(count):
                self.put_into(session, session.target, priority)

    def put_into(self, session: Opened | None, target: str, priority: str) -> None:
        job = Known(str(uuid.uuid4()), f"{self.prefix}j", target, session, priority, next(self.count))
        body = self.body | {"name": job.name, "providerId": provider_of(target), "target": target}
        body |= {"priority": priority} | ({"sessionId": session.id} if session else {})
        answer = self.caller.put(body, job.id)
        if session and (session.closed or session.final or self.state_of(session) in SESSION_FINAL):
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidJobDefinition")
            return
        assert (answer.status_code, answer.json()["status"]) == (200, "Waiting")
        job.state = RESTS.get(target, "Waiting")
        self.jobs.append(job)
        self.fill_places()
        if session:
            session.begun |= job.state != "Waiting"
            session.failed |= job.state == "Failed"
        self.rest(job)

    def fill_places(self) -> None:
        """Let those run whose turn it is."""
        line = [job for job in self.jobs if job.target == HOLDS and job.state not in FINAL]
        while sum(job.state == "Executing" for job in line) < PLACES:
            waiting = [job for job in line if job.state == "Waiting"]
            if not waiting:
                return
            first = min(waiting, key=lambda job: job.place)
            first.state = "Executing"
            if first.session:
                first.session.begun = True

    def rest(self, job: Known) -> dict[str, Any]:
        """Poll until the job is where the model has it; on its way it takes legal steps only."""
        before = ""
        for seen in self.caller.polled(job.id, job.state):
            status = seen["status"]
            # A cancel may come at any time, and a final state after any other.
            assert not before or status in {before, job.state} | NEXT.get(before, set())
            before = status
        return seen

    @rule(number=numbers)
    def cancel(self, number: int) -> None:
        job = self.pick(self.jobs, number)
        if job:
            self.cancelled(job)

    def cancelled(self, job: Known) -> None:
        assert self.caller.send("POST", f"/jobs/{job.id}:cancel").status_code == 204
        if job.state not in FINAL:
            job.state = "Cancelled"
            self.fill_places()
            if job.session:
                job.session.begun = True
        for other in self.jobs:
            self.rest(other)

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        job = self.pick(self.jobs, number)
        if not job:
            return
        answer = self.caller.send("DELETE", f"/jobs/{job.id}")
        if job.state not in FINAL:
            assert answer.status_code == 409
            return
        assert answer.status_code == 204
        self.jobs.remove(job)
        self.deleted.append(job.id)

    @rule(number=numbers, name=st.sampled_from("abc"), priority=st.sampled_from(["Standard", "High"]))
    def update(self, number: int, name: str, priority: str) -> None:
        job = self.pick(self.jobs, number)
        if job:
            job.name, job.priority, job.shown = f"{self.prefix}{name}", priority, None
            change = {"name": job.name, "priority": priority}
            assert self.caller.send("PATCH", f"/jobs/{job.id}", json=change).status_code == 200

    @rule()
    def time_passes(self) -> None:
        self.served.workspace.follow(script(session_idle_seconds=1e-6))
        for session in self.sessions:
            session.final = session.final or self.state_of(session, is_idle=True)
        self.served.workspace.follow(script())

    def state_of(self, session: Opened, *, is_idle: bool = False) -> str:
        """Say the state; with `is_idle` only a final one counts."""
        runs = any(job.session is session and job.state not in FINAL for job in self.jobs)
        if session.failed and session.policy == "Abort":
            return "Failed"
        if session.closed and not runs:
            return "Failed" if session.failed else "Succeeded"
        if is_idle:
            return "" if runs else "TimedOut"
        if session.failed:
            return "Failure(s)"
        return "Executing" if session.begun else "Waiting"

    @invariant()
    def every_job_is_in_its_state_and_a_final_one_never_changes(self) -> None:
        for job in self.jobs:
            seen = without_links(self.rest(job))
            assert (seen["name"], seen["priority"]) == (job.name, job.priority)
            if job.shown:
                assert seen == job.shown
            if job.state in FINAL:
                job.shown = seen
        for job_id in self.deleted:
            assert self.caller.send("GET", f"/jobs/{job_id}").status_code == 404

    @invariant()
    def every_session_follows_from_its_jobs_and_a_final_one_never_changes(self) -> None:
        for session in self.sessions:
            expected = session.final or self.state_of(session)
            shown = self.caller.send("GET", f"/sessions/{session.id}").json()
            assert shown["status"] == expected
            assert (shown["endExecutionTime"] is not None) == (expected in SESSION_FINAL)
            if expected in SESSION_FINAL:
                session.final = expected

    def listed(self, path: str, more: str = "") -> list[dict[str, Any]]:
        """All of this run's items in a list, by pages of three."""
        expression, found = f"startswith(Name, '{self.prefix}'){more}", list[dict[str, Any]]()
        for skip in itertools.count(0, 3):
            page = self.caller.send("GET", path, params={"filter": expression, "top": "3", "skip": str(skip)}).json()
            found += page["value"]
            if page["nextLink"] is None:
                return found
        return found

    @invariant()
    def lists_agree_with_what_is_there(self) -> None:
        jobs = self.listed("/jobs")
        assert [job["id"] for job in jobs] == [job.id for job in self.jobs]
        for known, shown in zip(self.jobs, jobs, strict=True):
            assert shown["status"] == known.state
            assert known.shown in (None, without_links(shown))
        top = [*self.sessions, *(job for job in self.jobs if not job.session)]
        top.sort(key=lambda item: item.created)
        assert [item["id"] for item in self.listed("/topLevelItems")] == [item.id for item in top]
        assert [item["id"] for item in self.listed("/sessions")] == [session.id for session in self.sessions]
        for session in self.sessions:
            own = [job.id for job in self.jobs if job.session is session]
            assert [job["id"] for job in self.listed(f"/sessions/{session.id}/jobs")] == own[::-1]

    @invariant()
    def no_job_is_lost_or_counted_twice_by_state(self) -> None:
        counts = {state: len(self.listed("/jobs", f" and State eq '{state}'")) for state in (*NEXT, *FINAL)}
        assert counts == {state: sum(job.state == state for job in self.jobs) for state in counts}
        assert sum(counts.values()) == len(self.jobs)

    def teardown(self) -> None:
        for job in self.jobs:
            self.cancelled(job)


class Reopened(Workspace):
    """The same over kills: a copy of the folder, taken while the workspace has it open, is what a kill leaves."""

    serve: Callable[..., Served]
    calling: Callable[[Served], Caller]

    def __init__(self, served: Served, caller: Caller, body: dict[str, Any], folder: Path) -> None:
        super().__init__(served, caller, body)
        self.folder = folder

    @rule()
    def kill_and_reopen(self) -> None:
        sessions = [self.caller.send("GET", f"/sessions/{session.id}").json() for session in self.sessions]
        quotas = self.caller.send("GET", "/quotas").json()
        copy = Path(tempfile.mkdtemp(dir=self.folder.parent))
        shutil.copytree(self.folder, copy, dirs_exist_ok=True)
        self.served.stop()
        self.folder = copy
        self.served = self.serve(data=copy, time_scale=1e-6, script=script())
        self.caller = self.calling(self.served)
        for job in self.jobs:
            self.rest(job)
        assert [self.caller.send("GET", f"/sessions/{session.id}").json() for session in self.sessions] == sessions
        assert self.caller.send("GET", "/quotas").json() == quotas

    def teardown(self) -> None:
        super().teardown()
        self.served.stop()


def explored(examples: int, steps: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=checks)


@pytest.fixture(scope="module")
def body(served: Served, calling: Callable[[Served], Caller]) -> dict[str, Any]:
    return calling(served).definition()


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served]) -> Served:
    return serve(time_scale=1e-6, script=script())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shutil.rmtree(tmp_path)


def test_any_operations_keep_states_sessions_lists_and_lines_right(
    served: Served, calling: Callable[[Served], Caller], body: dict[str, Any]
) -> None:
    caller = calling(served)
    run_state_machine_as_test(lambda: Workspace(served, caller, body), settings=explored(12, 20))


@pytest.fixture
def reopened(
    serve: Callable[..., Served], calling: Callable[[Served], Caller], body: dict[str, Any], folder: Path
) -> Callable[[], Reopened]:
    """Make machines, each on a folder of its own."""
    Reopened.serve, Reopened.calling = staticmethod(serve), staticmethod(calling)

    def machine() -> Reopened:
        data = Path(tempfile.mkdtemp(dir=folder))
        served = serve(data=data, time_scale=1e-6, script=script())
        return Reopened(served, calling(served), body, data)

    return machine


def test_any_operations_and_kills_lose_nothing(reopened: Callable[[], Reopened]) -> None:
    run_state_machine_as_test(reopened, settings=explored(2, 12))


@pytest.mark.long
def test_many_operations_and_kills_lose_nothing(reopened: Callable[[], Reopened]) -> None:
    run_state_machine_as_test(reopened, settings=explored(30, 30))


@pytest.mark.long
def test_many_operations_keep_states_sessions_lists_and_lines_right(
    served: Served, calling: Callable[[Served], Caller], body: dict[str, Any]
) -> None:
    caller = calling(served)
    run_state_machine_as_test(lambda: Workspace(served, caller, body), settings=explored(200, 40))
