"""Applications as the packages' documentation writes them, unchanged, inside the local cloud."""

import json
import subprocess
import sys
from typing import Any

from tests.cloud import REPOSITORY
from tests.referee import installed
from tests.referee.distributions import assert_distributed

pytestmark = installed.LONG


def run(name: str, tmp_path: Any) -> Any:
    """Run an application in a cloud of its own; give the JSON that it prints last."""
    program = [sys.executable, f"tests/referee/apps/{name}.py"]
    command = [sys.executable, "-m", "local", "run", "--no-functions", "--state", str(tmp_path), "--", *program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_azure_quantum_runs_jobs_and_sessions_and_finds_them(tmp_path: Any) -> None:
    assert run("workspace_app", tmp_path) == {
        "results": {"histogram": {"0": 0.5, "7": 0.5}},
        "status": "Succeeded",
        "session": "Succeeded",
        "session_jobs": ["part-0", "part-1", "part-2"],
        "by_name": ["part-0", "part-1", "part-2"],
        "by_status": 4,
        "failed": 0,
        "of_another_provider": 0,
        "of_the_target": 4,
        "since_yesterday": 1,
        "since_tomorrow": 0,
        "sessions": ["a session"],
        "top_level": ["a session", "hello-world"],
        "found_target": "ionq.simulator",
    }


def test_qiskit_finds_backends_runs_circuits_and_reads_counts(tmp_path: Any) -> None:
    printed = run("qiskit_app", tmp_path)
    assert {"ionq.simulator", "quantinuum.sim.h2-1e", "rigetti.sim.qvm"} <= set(printed["backends"])
    for name, found in printed["runs"].items():
        assert (found["status"], found["success"], found["retrieved"]) == ("DONE", True, True)
        assert sum(found["counts"].values()) == 400
        # The emulator's noise: half a percent of the shots at most, by the rates in the catalogue.
        kept = {key: count for key, count in found["counts"].items() if key in {"01 1", "10 1"}}
        assert sum(kept.values()) >= (380 if "h2" in name else 400)
        assert_distributed(kept, {"01 1": 0.5, "10 1": 0.5})
    assert printed["runs"]["ionq.simulator"]["counts"] == {"01 1": 200, "10 1": 200}
    assert printed["runs"]["rigetti.sim.qvm"]["shots"] == 400


def test_cirq_runs_circuits_and_reads_both_keys(tmp_path: Any) -> None:
    printed = run("cirq_app", tmp_path)
    assert {"ionq.simulator", "rigetti.sim.qvm"} <= set(printed["targets"])
    assert printed["status"] == "completed"
    for name, found in printed["runs"].items():
        # The emulator's noise spoils a shot in a hundred, by the rates in the catalogue.
        enough = 380 if "h2" in name else 400
        assert found["one"]["1"] >= enough
        # The first qubit of a key is its highest bit; the two differ.
        kept = {value: found["two"][value] for value in ("1", "2")}
        assert sum(kept.values()) >= enough
        assert_distributed(kept, {"1": 0.5, "2": 0.5})


def test_a_q_sharp_program_teleports_with_feed_forward(tmp_path: Any) -> None:
    printed = run("qsharp_app", tmp_path)
    assert printed["status"] == "Succeeded"
    counts = {display: count for display, count in printed["displays"].items() if display.startswith("(1")}
    # Everything arrives but for the emulator's noise: three measurements and ten gates of a tenth of a percent.
    assert 980 <= sum(counts.values()) <= 1000
    assert_distributed(counts, {f"(1, [{first}, {second}])": 0.25 for first in (0, 1) for second in (0, 1)})
    assert printed["first_shot"] in {
        repr((bit, [first, second])) for bit in (0, 1) for first in (0, 1) for second in (0, 1)
    }


def test_plain_qir_runs_as_text_and_as_bitcode(tmp_path: Any) -> None:
    counts = run("plain_qir_app", tmp_path)
    assert len(counts) == 4
    for name, found in counts.items():
        assert sum(found.values()) == 400
        assert_distributed(found, {"[1, 0, 0]": 0.5, "[1, 1, 1]": 0.5})
        if name.startswith("ionq"):
            assert found == {"[1, 0, 0]": 200, "[1, 1, 1]": 200}
