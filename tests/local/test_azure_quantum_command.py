"""`python -m local azure-quantum`: what it prints is enough to run a program, and what it keeps is there again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cloud import REPOSITORY

LOCAL = (sys.executable, "-m", "local")
LIST = "from azure.quantum import Workspace\nprint([job.details.name for job in Workspace().list_jobs()])"


@contextmanager
def told(*arguments: str | Path) -> Iterator[str]:
    """Start the command, give what it says until all is up, and end it as Ctrl-C does."""
    command = [*LOCAL, "azure-quantum", *arguments]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line
            lines.append(line)
        try:
            yield "".join(lines)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def run(program: str, said: str) -> str:
    """Run a program in the environment that the command told."""
    exported = dict(re.findall(r"^export (\w+)='(.*)'$", said, re.MULTILINE))
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=inherited | exported, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_printed_program_runs_in_the_printed_environment_and_its_job_outlives_a_stop(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[targets."ionq.simulator"]\nfail_next = 0\n')
    options = ("--state", tmp_path / "state", "--data", tmp_path / "data", "--time-scale", "0", "--script", script)
    with told(*options) as said:
        program = said[said.index("from azure.quantum import Workspace") :].partition("\n\n")[0]
        assert len(program.splitlines()) == 6
        assert "{'histogram': {'0': 0.5, '3': 0.5}}" in run(program, said)
    with told(*options) as said:
        assert run(LIST, said) == "['bell']\n"


def test_a_workspace_of_the_newer_kind_is_found_under_its_host_and_by_its_name(tmp_path: Path) -> None:
    program = """
import os
from azure.identity import ManagedIdentityCredential
from azure.quantum import Workspace
told = Workspace()
del os.environ["AZURE_QUANTUM_CONNECTION_STRING"]
named = Workspace(name="quantum-jobs-local", credential=ManagedIdentityCredential())
circuit = {"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}
for workspace in (told, named):
    job = workspace.get_targets("ionq.simulator").submit(circuit, "flip", shots=10)
    job.wait_until_completed(print_progress=False)
    print(job.get_results(), job.details.status)
print(named._connection_params.workspace_kind.value)
"""
    with told("--state", tmp_path, "--time-scale", "0", "--kind", "V2") as said:
        assert "QuantumEndpoint=https://eastus-v2.quantum.azure.com/;" in said
        lines = run(program, said).splitlines()
    assert lines == ["{'histogram': {'1': 1.0}} JobStatus.COMPLETED"] * 2 + ["V2"]


def test_a_script_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    command = [*LOCAL, "azure-quantum", "--state", str(tmp_path), "--script", "/no/such/script.toml"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (
        1,
        "local: /no/such/script.toml cannot be read: No such file or directory.\n",
    )
