"""What was accepted survives the sudden end of the process that accepted it."""

import os
import signal
from pathlib import Path

import pytest

from local.state import State

from .cloud import start_cloud
from .conftest import Service, finished, submit


def functions_host_of(supervisor: int) -> int:
    """Give the process id of the Functions host below a supervisor."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue  # it has ended meanwhile
        if parent == supervisor and "local.functions_host" in command:
            return int(folder.name)
    raise AssertionError("no Functions host")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the host's process in /proc, which Linux has")
def test_jobs_end_once_though_the_host_that_took_them_was_killed(tmp_path):
    """The cloud ends when a part dies; storage and workspace come back from their folder: in Azure they just stay."""
    arguments = ("--state", str(tmp_path / "state"), "--data", str(tmp_path / "data"))
    state = State(tmp_path / "state")
    with start_cloud(*arguments) as cloud, Service(cloud.environment, state).api() as api:
        answers = [submit(api, target="quantinuum.qpu.h2-1", key=f"k{number}") for number in range(6)]
        os.kill(functions_host_of(cloud.pid), signal.SIGKILL)
    with start_cloud(*arguments) as cloud:
        after = Service(cloud.environment, state)
        with after.api() as api:
            repeated = submit(api, target="quantinuum.qpu.h2-1", key="k0")
            assert repeated.json()["id"] == answers[0].json()["id"]
            jobs = [finished(api, answer) for answer in answers]
        assert [(job["state"], job["error"]) for job in jobs] == [("succeeded", None)] * 6
        assert len(after.workspace_jobs()) == 6
