"""The host as a process: its ready line, its stop, its keys."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from running_host import APPS, until
from test_host_check import REPOSITORY

OPTIONS = ["--key", "host-key", "--master-key", "master-key"]


class Process:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        ready = process.stdout.readline()
        found = re.fullmatch(r"ready (http://127\.0\.0\.1:\d+)\n", ready)
        assert found, ready
        self.client = httpx.Client(base_url=found[1], trust_env=False)

    def ended(self) -> tuple[int, str]:
        """Wait for the end; returns exit code and log."""
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log


@contextmanager
def process(*options: str, **overrides: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "local.functions_host", "--app", str(APPS / "http"), *OPTIONS, *options]
    child = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **{f"AzureFunctionsJobHost__{name}": value for name, value in overrides.items()}},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        host = Process(child)
        with host.client:
            yield host
    finally:
        child.kill()
        child.communicate()


def stop_by(number: int) -> Callable[[Process], None]:
    return lambda host: host.process.send_signal(number)


def stop_by_closing_stdin(host: Process) -> None:
    assert host.process.stdin is not None
    host.process.stdin.close()
    host.process.stdin = None


@pytest.mark.parametrize("stop", [stop_by(signal.SIGTERM), stop_by(signal.SIGINT), stop_by_closing_stdin])
def test_a_stop_lets_running_requests_finish_and_exits_0(stop: Callable[[Process], None]) -> None:
    with process("--stop-with-parent") as host:
        assert host.client.get("/api/shapes").text == "round"
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(host.client.get("/api/wait?seconds=0.5").text))
        thread.start()
        until(lambda: host.client.get("/api/waiting").text == "1")
        stop(host)
        thread.join()
        code, log = host.ended()
    assert answers == ["waited"]
    assert code == 0
    assert "Traceback" not in log


def test_a_function_that_hangs_in_a_thread_does_not_keep_the_process() -> None:
    with process(functionTimeout="00:00:01") as host:
        assert host.client.get("/api/thread?seconds=100").status_code == 500
        host.process.terminate()
        assert host.ended()[0] == 0


def test_the_end_of_stdin_does_not_matter_unless_asked_for() -> None:
    with process() as host:
        stop_by_closing_stdin(host)
        assert host.client.get("/api/shapes").status_code == 200
        host.process.terminate()
        assert host.ended()[0] == 0


def test_the_log_has_the_table_the_keys_and_one_line_per_invocation() -> None:
    with process() as host:
        assert host.client.get("/api/keyed?code=host-key").status_code == 200
        assert host.client.get("/api/fail").status_code == 500
        host.process.terminate()
        _, log = host.ended()
    assert "/api/things/{id}" in log
    assert "master key master-key" in log
    assert re.search(r"\[keyed [0-9a-f]{8}\] Succeeded \(GET /api/keyed\) in \d+ ms", log)
    assert re.search(r"ERROR \[fail [0-9a-f]{8}\] Failed .*: LookupError: the reason", log)


def test_a_port_in_use_is_one_clear_sentence() -> None:
    with process() as host:
        port = str(host.client.base_url.port)
        command = [sys.executable, "-m", "local.functions_host", "--app", str(APPS / "http"), "--port", port]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    reason = f"port {port} on 127.0.0.1 cannot be used (Address already in use); choose another with --port."
    assert done.stderr == f"error: {reason}\n"


def test_over_the_wire_head_has_no_body_and_chunks_are_dropped() -> None:
    with process() as host:
        assert host.client.head("/api/wait?seconds=0").content == b""
        assert host.client.post("/api/echo", content=iter([b"chunk"])).json()["body"] == ""
        assert host.client.post("/api/echo", content=b"whole").json()["body"] == "whole"
        assert "server" not in host.client.get("/api/shapes").headers
