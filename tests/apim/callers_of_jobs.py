"""Callers who read and delete jobs in any order, in any state of the cache: who sees what, and how old it is."""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from local.apim.context import Response
from tests.apim.deployed import TREE, deployed
from tests.local.apim.gateway_running import Call, answer

OWNERS, ALL = ("alice", "bob"), ("alice", "bob", "admin")
JOBS = {f"job_{owner}": owner for owner in OWNERS}
OLDEST_SECONDS = 61  # 2 or 30 s fresh, 30 s as a stale copy; a result 60 s


class Owned:
    """A service that keeps jobs by owner, and tells in each answer whose it is and of which moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self.deleted: dict[str, float] = {}
        self.down = False

    def __call__(self, call: Call) -> Response:
        if self.down:
            return answer(503, "{}", Content_Type="application/problem+json", Retry_After="1")
        job = call.target.split("/")[2].partition("?")[0] if call.target.startswith("/jobs/") else ""
        caller, roles = call.headers.get("X-Caller-Id"), call.headers.get("X-Caller-Roles").split(",")
        sees_all = "Jobs.Read.All" in roles or "Jobs.Admin" in roles
        if JOBS.get(job) != caller and not sees_all:
            return answer(404, json.dumps({"absent": True}), Content_Type="application/problem+json")
        if call.method == "DELETE":
            self.deleted.setdefault(job, self.now)
            return answer(204)
        if call.target.endswith("/result") and job in self.deleted:
            return answer(410, "{}", Content_Type="application/problem+json")
        body = {"owner": JOBS[job], "caller": caller, "at": self.now, "done": job.endswith("bob")}
        return answer(200, json.dumps(body), ETag=f'"{caller}-{self.now}"', Content_Type="application/json")


class CallersOfJobs(RuleBasedStateMachine):
    """`tree` is the folder of artifacts; a test of the tests gives one with a defect."""

    tree = TREE

    @initialize(
        cache=st.sampled_from(["on", "on", "on", "failing", "off"]), tier=st.sampled_from(["basic-v2", "standard"])
    )
    def start(self, cache: str, tier: str) -> None:
        self.service = Owned()
        self.run = deployed(self.service, cache=cache, tier=tier, tree=self.tree)

    @rule(
        caller=st.sampled_from(ALL),
        job=st.sampled_from(sorted(JOBS)),
        what=st.sampled_from(["", "/result"]),
        lie=st.sampled_from([None, None, *OWNERS]),
        known=st.booleans(),
        times=st.integers(1, 2),
    )
    def read(self, caller: str, job: str, what: str, lie: str | None, known: bool, times: int) -> None:
        """Read a status or a result, perhaps saying that one is somebody else, perhaps with a copy; poll it."""
        for _ in range(times):
            self._read(caller, job, what, lie, known)

    def _read(self, caller: str, job: str, what: str, lie: str | None, known: bool) -> None:
        headers = {"X-Caller-Id": lie, "X-Caller-Roles": "Jobs.Admin", "X-Caller-Tenant": "t1"} if lie else {}
        headers |= {"If-None-Match": f'"{caller}-{self.service.now}"'} if known else {}
        seen = self.run.call_raw("GET", f"/quantum/v1/jobs/{job}{what}", caller, **headers)
        if seen.status_code == 200:
            self._is_the_callers(seen.json(), caller, job)
        elif seen.status_code == 304:
            assert JOBS[job] == caller or caller not in OWNERS
        else:
            assert seen.status_code in (404, 410, 503)

    def _is_the_callers(self, document: dict[str, Any], caller: str, job: str) -> None:
        assert document["caller"] == caller, f"{caller} was given what {document['caller']} was answered"
        assert document["owner"] == JOBS[job]
        assert caller == JOBS[job] or caller not in OWNERS
        assert self.service.now - document["at"] <= OLDEST_SECONDS

    @rule(caller=st.sampled_from(ALL), job=st.sampled_from(sorted(JOBS)))
    def delete(self, caller: str, job: str) -> None:
        """Delete a job: the caller who deleted never sees its result again, unless the cache fails."""
        seen = self.run.call_raw("DELETE", f"/quantum/v1/jobs/{job}", caller)
        assert seen.status_code in (204, 403, 404, 503)
        if seen.status_code == 204 and self.run.services.values.mode != "failing":
            again = self.run.call_raw("GET", f"/quantum/v1/jobs/{job}/result", caller)
            assert again.status_code in (410, 503)

    @rule(seconds=st.sampled_from([0.5, 2.5, 31.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.run.clock.seconds += seconds
        self.service.now += seconds

    @rule(down=st.sampled_from([False, False, True]))
    def service_goes_or_comes(self, down: bool) -> None:
        self.service.down = down
