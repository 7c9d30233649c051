"""What is kept over a restart, through a server that ends and one that begins on the same folder."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.azure_quantum import StorageAccount, Workspace
from local.azure_quantum.authentication import Caller as Who
from local.azure_quantum.journal import FILE, Journal
from local.azure_quantum.models import Job, JobRequest
from local.errors import DataInUse, StateCorrupt
from tests.local.azure_quantum.caller import Caller
from tests.local.azure_quantum.conftest import Served, SmallIssuer

type Serve = Callable[..., Served]
type Calling = Callable[[Served], Caller]

SESSION = "5e551000-0000-4000-8000-000000000001"
IONQ = {"providerId": "ionq", "target": "ionq.simulator"}
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS, st.lists, max_leaves=5)


@given(TEXTS, st.dictionaries(TEXTS, JSON, max_size=3), st.integers(0, 2**60), st.none() | st.integers(0, 2**60))
def test_a_job_is_read_as_it_was_written(name: str, metadata: dict[str, object], created: int, ended: int) -> None:
    body = {"providerId": "p", "target": "t", "containerUri": "c", "inputDataFormat": "f", "metadata": metadata}
    request = JobRequest.model_validate(body | {"name": name})
    job = Job("id", request, Who("me", "Key"), "container", created, "V2", "Failed", ended=ended, error={"code": name})
    assert Job.of_record(job.record()) == job


def members(job: dict[str, object]) -> dict[str, object]:
    """All but the links, which are signed anew each time."""
    return {name: value for name, value in job.items() if not name.endswith("Uri")}


def test_jobs_and_sessions_outlive_a_stop(serve: Serve, calling: Calling, tmp_path: Path) -> None:
    first = serve(data=tmp_path, time_scale=0.0)
    caller = calling(first)
    assert caller.send("PUT", f"/sessions/{SESSION}", json={"name": "s", **IONQ}).status_code == 200
    done = caller.ended(caller.submitted(name="done", sessionId=SESSION, metadata={"a": [1, None]}, **IONQ))
    failed = caller.ended(caller.submitted("no QIR", name="failed"))
    deleted = caller.ended(caller.submitted(name="deleted"))
    assert caller.send("DELETE", f"/jobs/{deleted['id']}").status_code == 204
    first.stop()

    caller = calling(serve(data=tmp_path, time_scale=0.0))
    assert caller.send("GET", f"/jobs/{deleted['id']}").status_code == 404
    for job in (done, failed):
        assert members(caller.get(str(job["id"]))) == members(job)
    assert caller.output(caller.get(str(done["id"]))) == caller.output(done)
    assert [job["name"] for job in caller.send("GET", "/jobs").json()["value"]] == ["done", "failed"]
    assert caller.send("GET", f"/sessions/{SESSION}").json()["status"] == "Executing"
    (in_session,) = caller.send("GET", f"/sessions/{SESSION}/jobs").json()["value"]
    assert in_session["id"] == done["id"]
    newer = caller.submitted(name="newer")
    assert [job["name"] for job in caller.send("GET", "/jobs").json()["value"]] == ["done", "failed", "newer"]
    assert caller.ended(newer)["status"] == "Succeeded"


def test_a_job_that_had_not_ended_runs_again_with_the_same_result(
    serve: Serve, calling: Calling, tmp_path: Path
) -> None:
    first = serve(data=tmp_path / "one", time_scale=1000.0, seed="same")
    waiting = calling(first).submitted(name="waiting", inputParams={"shots": 1000})
    first.stop()
    caller = calling(serve(data=tmp_path / "one", time_scale=0.0, seed="same"))
    again = caller.ended(waiting)
    assert again["status"] == "Succeeded"
    assert again["creationTime"] == waiting["creationTime"]
    straight = calling(serve(time_scale=0.0, seed="same"))
    definition = straight.definition(inputParams={"shots": 1000})
    assert straight.output(straight.ended(straight.put(definition, waiting["id"]).json())) == caller.output(again)


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, signal, os, pathlib\n"
        "from local.azure_quantum.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]))\n"
        "for number in range(500):\n"
        "    journal.write(number, 'Job', 'text')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    with closing(Journal(tmp_path)) as journal:
        assert len(list(journal.records())) == 500


def test_a_folder_belongs_to_one_workspace_at_a_time(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)), pytest.raises(DataInUse, match="belongs to another local cloud"):
        Journal(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataInUse, match="cannot be opened"):
        Journal(tmp_path / "file" / "folder")


def spoiled(folder: Path, place: int) -> None:
    content = bytearray((folder / FILE).read_bytes())
    content[place : place + 2000] = b"\xa5" * len(content[place : place + 2000])
    (folder / FILE).write_bytes(content)


@pytest.mark.parametrize("place", [0, 50, 4096, 8192, 40960])
def test_a_damaged_file_is_named_in_one_sentence(tmp_path: Path, place: int) -> None:
    with closing(Journal(tmp_path)) as journal:
        for number in range(400):
            journal.write(number, "Job", f"job {number}" * 20)
    spoiled(tmp_path, place)
    with pytest.raises(StateCorrupt, match=r"quantum-workspace.sqlite3 is damaged \(.*\): delete it"):
        Journal(tmp_path)


@pytest.mark.parametrize(
    "record", ["{", "[]", "{}", '{"request": {}}', '{"request": {}, "caller": {}, "progress": {}}']
)
def test_a_record_that_is_no_job_is_named(storage: StorageAccount, tmp_path: Path, record: str) -> None:
    Journal(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute("INSERT INTO records VALUES (7, 'Job', ?)", (record,))
    with pytest.raises(StateCorrupt, match="record 7 is no job"):
        Workspace(issuer=SmallIssuer(), storage=storage, data=tmp_path)


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StateCorrupt, match="layout 99"):
        Journal(tmp_path)


def test_a_session_that_aborted_stays_ended_when_its_failed_job_was_deleted(
    serve: Serve, calling: Calling, tmp_path: Path
) -> None:
    first = serve(data=tmp_path, time_scale=0.0)
    caller = calling(first)
    caller.send("PUT", f"/sessions/{SESSION}", json={"name": "s", **IONQ})
    done = caller.ended(caller.submitted(sessionId=SESSION, **IONQ))
    failed = caller.ended(caller.submitted("broken", sessionId=SESSION, **IONQ))
    before = caller.send("GET", f"/sessions/{SESSION}").json()
    for job in (failed, done):
        assert caller.send("DELETE", f"/jobs/{job['id']}").status_code == 204
        assert caller.send("GET", f"/sessions/{SESSION}").json() == before
    first.stop()
    caller = calling(serve(data=tmp_path, time_scale=0.0))
    assert caller.send("GET", f"/sessions/{SESSION}").json() == before
    assert before["status"] == "Failed"
    assert caller.put(caller.definition(sessionId=SESSION, **IONQ)).status_code == 400


def test_what_deleted_jobs_were_billed_outlives_a_restart(serve: Serve, calling: Calling, tmp_path: Path) -> None:
    first = serve(data=tmp_path, time_scale=0.0)
    caller = calling(first)
    emulator = {"providerId": "quantinuum", "target": "quantinuum.sim.h2-1e"}
    caller.send("DELETE", f"/jobs/{caller.ended(caller.submitted(**emulator))['id']}")
    before = caller.send("GET", "/quotas").json()
    assert any(quota["utilization"] for quota in before["value"])
    first.stop()
    second = serve(data=tmp_path, time_scale=0.0)
    caller = calling(second)
    assert caller.send("GET", "/quotas").json() == before
    # The next job must not take the place of the bill in the file.
    caller.send("DELETE", f"/jobs/{caller.ended(caller.submitted())['id']}")
    second.stop()
    assert calling(serve(data=tmp_path, time_scale=0.0)).send("GET", "/quotas").json() == before
