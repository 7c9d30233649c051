"""schemathesis holds the running service against its own specification: every operation, two callers, all checks."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quantum_jobs.operations import OPERATIONS
from tests.cloud import REPOSITORY
from tests.conftest import Service

# Without these settings a run proves little: two peers, or nobody looks for another's objects; statuses that a right
# body may meet, or every one of them would be an alarm; no redirects, because the raw result lies elsewhere.
CONFIGURATION = """\
hooks = "tests.contract.schemathesis_hooks"
max-redirects = 0
request-timeout = 30
continue-on-failure = true

[auth.wfc]
path = "{folder}/callers.json"
peers = ["alice", "bob"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 303, 304, 401, 403, 404, 409, 410, 412, 413, 422]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422]

[phases.coverage]
unexpected-methods = ["PUT"]

[generation]
deterministic = {deterministic}
"""


def run(service: Service, folder: Path, *options: str, deterministic: bool) -> str:
    """Run schemathesis over the service and give what it says; fails with what it found."""
    callers = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {service.token(name)}"}]}
        for name in ("alice", "bob")
    ]
    (folder / "callers.json").write_text(json.dumps({"auth": callers}))
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(folder=folder, deterministic=str(deterministic).lower()))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)]
    command += ["run", f"{service.environment['QUANTUM_JOBS_URL']}/openapi.json", "--checks", "all", *options]
    # Asked by the platform itself: the gateway lets nobody through to it.
    command += ["--exclude-path", "/health/ready"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    return done.stdout


def links_covered(output: str) -> int:
    """Give how many of the ways from one operation to another were gone."""
    found = re.search(r"API Links:\s+(\d+) covered", output)
    assert found, output
    return int(found[1])


def test_examples_edges_and_chains_of_calls_meet_what_the_specification_says(service, tmp_path):
    output = run(service, tmp_path, "--phases", "examples,coverage,stateful", "-n", "12", deterministic=True)
    # All but the one that gives the specification itself, and the one that the platform asks.
    assert f"Tested: {len(OPERATIONS) - 2}" in output
    assert links_covered(output) >= 10


@pytest.mark.long
def test_a_long_search_finds_nothing_that_the_specification_does_not_say(service, tmp_path):
    options = ("--phases", "examples,coverage,fuzzing,stateful", "-n", "100", "--workers", "2")
    assert links_covered(run(service, tmp_path, *options, deterministic=False)) >= 12
