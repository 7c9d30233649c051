"""What the processes of the cloud take, as the control endpoint tells it."""

import os
import subprocess
import sys

import pytest

from local import control
from local.processes import taken
from local.wire import Counter
from tests.asgi import AsgiClient

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told on Linux only")
HOLDS = "held = [open('/dev/null') for _ in range(50)]; memory = b'x' * 50_000_000; print(flush=True); input()"


def test_a_process_is_told_with_what_it_takes_and_left_out_when_it_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        panel = AsgiClient(control.application(Counter(), dict, follow=print, parts=lambda: {"part": child.pid}))
        part = panel.get("/control/processes").json()["part"]
        child.communicate("\n")
    assert part["pid"] == child.pid
    assert 50_000_000 < part["memory_bytes"] < 200_000_000
    assert 53 <= part["files"] < 70
    assert part["threads"] == 1
    assert 0 < part["cpu_seconds"] < 30
    assert "part" not in taken({"part": child.pid})


def test_a_child_that_is_no_part_counts_as_a_worker() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as child:
        found = taken({"cloud": os.getpid()})
        child.communicate("\n")
    assert child.pid in [numbers["pid"] for name, numbers in found.items() if name.startswith("worker-")]
    assert found["cloud"]["pid"] == os.getpid()
