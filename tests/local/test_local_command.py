"""The command `python -m local`, its children and how they end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.callers import callers
from local.issuer import Issuer
from local.names import AUDIENCE, STORAGE_ACCOUNT
from local.state import State
from tests.cloud import REPOSITORY, start_cloud

LOCAL = (sys.executable, "-m", "local")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


def local(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*LOCAL, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False, **options)


def descendants(pid: int) -> set[int]:
    """Give the process ids below one, by /proc."""
    below: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        below.setdefault(parent, set()).add(int(stat.parent.name))
    found, left = set[int](), [pid]
    while left:
        children = below.get(left.pop(), set())
        found |= children
        left += children
    return found


def alive(pids: set[int]) -> set[int]:
    """Give those that still run; one that only waits to be reaped does not."""
    running = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z":
            running.add(pid)
    return running


def gone(pids: set[int], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pids)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_run_gives_the_command_the_cloud_s_environment_and_its_own_stdin_stdout_and_exit_code(folder: Path) -> None:
    theirs = {**os.environ, "AZURE_CLIENT_SECRET": "theirs", "ALL_PROXY": "http://proxy.example", "KEPT": "yes"}
    program = "import json, os, sys; print(json.dumps([sys.stdin.read(), dict(os.environ)])); sys.exit(7)"
    command = ("--", sys.executable, "-c", program)
    done = local("run", "--no-functions", "--state", folder, *command, input="hello", env=theirs)
    assert (done.returncode, done.stderr) == (7, "")
    read, seen = json.loads(done.stdout)
    assert read == "hello"
    assert seen["IDENTITY_ENDPOINT"].startswith("http://127.0.0.1:")
    assert seen["KEPT"] == "yes"
    assert not {"AZURE_CLIENT_SECRET", "ALL_PROXY"} & seen.keys()


def test_run_names_a_command_that_does_not_exist(folder: Path) -> None:
    done = local("run", "--no-functions", "--state", folder, "--", "no-such-command")
    assert done.returncode == 127
    assert done.stderr == "local: no-such-command cannot be run: there is no such program.\n"


@pytest.mark.parametrize("arguments", [["run"], ["run", "--"], ["up", "--", "ls"], []])
def test_a_wrong_call_is_explained(arguments: list[str]) -> None:
    done = local(*arguments)
    assert done.returncode == 2
    assert "usage: python -m local" in done.stderr


def test_help_teaches_by_examples() -> None:
    assert "python -m local run -- python script.py" in local("--help").stdout


@pytest.fixture
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A `run` whose command tells its pid, notes the signals it gets, and ends at SIGTERM."""
    program = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: print('interrupted', flush=True))\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "print(os.getpid(), flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    command = [*LOCAL, "run", "--no-functions", "--state", folder, "--", sys.executable, "-c", program]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True, **pipes) as process:
        yield process
        process.kill()


@linux
def test_stop_signals_reach_the_command_and_nothing_is_left(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    pid = int(running.stdout.readline())
    family = descendants(running.pid)
    assert pid in family
    assert len(family) >= 2
    running.send_signal(signal.SIGINT)
    assert running.stdout.readline() == "interrupted\n"
    assert alive({pid})
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 3
    assert gone(family, 0)


@linux
def test_killing_the_supervisor_leaves_no_process(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    running.stdout.readline()
    family = descendants(running.pid)
    running.kill()
    running.wait(10)
    assert gone(family)


@linux
def test_a_stop_while_everything_comes_up_leaves_no_process(folder: Path) -> None:
    command = [*LOCAL, "run", "--no-functions", "--state", folder, "--", "true"]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        while not (family := descendants(process.pid)):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 130
        assert said == "local: stopped before everything was up\n"
        assert gone(family)


@linux
def test_two_clouds_share_a_state_folder_and_end_with_their_callers_stdin(folder: Path) -> None:
    where = ("--no-functions", "--state", str(folder))
    with start_cloud(*where) as first, start_cloud(*where) as second:
        family = descendants(first.pid) | descendants(second.pid)
        ports = {int(cloud.environment["HTTPS_PROXY"].rsplit(":", 1)[1]) for cloud in (first, second)}
        assert len(ports) == 2
        assert first.environment["SSL_CERT_FILE"] == second.environment["SSL_CERT_FILE"]
        for port in ports:
            socket.create_connection(("127.0.0.1", port)).close()
    assert gone(family, 0)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_up_shows_what_is_where_until_ctrl_c(folder: Path) -> None:
    command = [*LOCAL, "up", "--no-functions", "--state", folder]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        shown = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line
            shown.append(line.split()[:2])
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert ["blob", f"https://{STORAGE_ACCOUNT}.blob.core.windows.net"] in shown
    assert ["workspace", "https://eastus.quantum.azure.com"] in shown


def test_a_port_in_use_is_one_clear_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = local("up", "--port", str(port), "--state", folder)
    assert done.returncode == 1
    assert done.stderr == (
        f"local: Port {port} is in use by another process: "
        "choose another with --port, or leave --port out to take a free one.\n"
    )


def test_a_missing_node_is_one_clear_sentence(folder: Path, tmp_path: Path) -> None:
    done = local("up", "--no-functions", "--state", folder, env={**os.environ, "PATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr == (
        "local: Node 20 or newer is needed for the storage and `node` is not on the PATH: install it.\n"
    )


def test_a_storage_that_does_not_start_is_named_with_its_last_words_and_its_log(folder: Path, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho out of order >&2\nexit 5\n")
    node.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = local("up", "--no-functions", "--state", folder, env={**os.environ, "PATH": path})
    assert done.returncode == 1
    assert done.stderr.startswith("local: azurite failed: out of order. Its log: ")
    assert Path(done.stderr.rsplit(" ", 1)[1].strip()).read_text() == "out of order\n"


@pytest.mark.parametrize("name", ["ca.pem", "server.key", "issuer.key"])
def test_a_damaged_state_folder_is_one_clear_sentence(folder: Path, tmp_path: Path, name: str) -> None:
    State(tmp_path)
    for path in folder.glob("*.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / name).write_bytes(b"\xff\x00")
    done = local("up", "--no-functions", "--state", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"local: {tmp_path / name} is damaged (")
    assert done.stderr.endswith("): delete it and start again, it is made anew.\n")
    assert done.stderr.count("\n") == 1


def test_token_prints_a_token_of_the_caller_and_roles_asked_for(folder: Path) -> None:
    issuer = Issuer.of(State(folder))
    claims = issuer.verify(local("token", "--as", "alice", "--state", folder).stdout.strip(), audiences=[AUDIENCE])
    assert (claims["sub"], claims["roles"]) == (callers(State(folder))["alice"].object_id, ["Jobs.Submit"])
    roles = ("--role", "Jobs.Admin", "--role", "Jobs.Read.All")
    claims = issuer.verify(local("token", *roles, "--state", folder).stdout.strip(), audiences=[AUDIENCE])
    assert claims["roles"] == ["Jobs.Admin", "Jobs.Read.All"]


def test_an_unknown_caller_is_told_who_there_is(folder: Path) -> None:
    done = local("token", "--as", "eve", "--state", folder)
    assert done.returncode == 1
    assert "No test caller is called 'eve'; there are demo, alice, bob, operator, outsider." in done.stderr


@linux
def test_a_part_that_dies_ends_the_cloud_and_is_named(folder: Path) -> None:
    inside = [sys.executable, "-c", "input()"]
    command = [*LOCAL, "run", "--no-functions", "--state", folder, "--", *inside]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=REPOSITORY, **pipes) as process:
        assert process.stderr is not None
        family = set[int]()
        # All of its line, for each child has its parent's for a moment, and that names the command as well.
        while not any(command_line(pid) == [*inside, ""] for pid in family):
            assert process.poll() is None, process.stderr.read()
            family = descendants(process.pid)
        (azurite,) = (pid for pid in family if any("azurite.js" in word for word in command_line(pid)))
        os.kill(azurite, signal.SIGKILL)
        assert process.wait(60) == 1
        assert process.stderr.read().startswith("local: azurite failed: it stopped: ")
        assert gone(family, 0)


def command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
