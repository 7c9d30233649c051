import os
import re
import subprocess
import sys

from tests.cloud import REPOSITORY
from tests.conftest import Service

BELL = str(REPOSITORY / "examples/loose/bell.py")


def run(*command, **environment):
    kept = {**os.environ, **environment}
    return subprocess.run([*command], capture_output=True, text=True, env=kept, cwd=REPOSITORY, check=False)


def test_an_unmodified_azure_quantum_program_runs_in_the_local_cloud():
    done = run(sys.executable, "-m", "local", "run", "--", sys.executable, "examples/loose/plain_sdk.py")
    assert done.returncode == 0, done.stderr
    assert "ionq.simulator" in done.stdout
    assert "'0': 0.5, '7': 0.5" in done.stdout
    assert "Status: JobStatus.SUCCEEDED" in done.stdout


def test_the_demo_prints_a_histogram(service: Service):
    done = run(sys.executable, BELL, **service.environment)
    assert (done.returncode, done.stderr) == (0, "")
    states = re.findall(r"^state +[\d.]+ s  (\w+)$", done.stdout, re.MULTILINE)
    assert (states[0], states[-1]) == ("accepted", "succeeded")
    bars = re.findall(r"^ +(\d\d)  (█+) +(\d+) +([\d.]+)%$", done.stdout, re.MULTILINE)
    assert [outcome for outcome, *_ in bars] == ["00", "11"]
    assert sum(int(count) for *_, count, _ in bars) == 1000
    assert "\033" not in done.stdout  # no colour where nobody looks


def test_the_demo_says_in_one_line_why_it_was_refused(service: Service):
    done = run(sys.executable, BELL, "--target", "rigetti.sim.qmv", **service.environment)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "'rigetti.sim.qmv' is not a target" in done.stderr


def test_the_demo_without_a_service_says_what_to_do(service: Service):
    done = run(sys.executable, BELL, QUANTUM_JOBS_URL="http://127.0.0.1:1/v1", QUANTUM_JOBS_TOKEN="x")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "does not answer" in done.stderr
