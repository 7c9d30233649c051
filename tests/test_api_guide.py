"""The blocks of docs/api.md run as they stand, and give what stands below them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quantum_jobs.operations import OPERATIONS
from quantum_jobs.programs import FORMATS

from .cloud import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "api.md").read_text()
MARK = "-- end of a block --"


def blocks(language):
    """Give each block of a language with the output that is told right below it, None where none is."""
    found = re.findall(rf"^```{language}\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(found) >= 10
    return found


def holds(language, command, say, service, folder, last=""):
    """Run the blocks of a language one after the other in one program, in a caller's shell."""
    program = "".join(f"{block}{say}\n" for block, _ in blocks(language)) + last
    done = subprocess.run(
        command,
        input=program,
        cwd=folder,
        env={**os.environ, **service.environment, **of_a_shell_in_the_repository()},
        capture_output=True,
        text=True,
        check=False,
    )
    outputs = [output.lstrip("\n") for output in done.stdout.split(MARK)]
    for (block, told), output in zip(blocks(language), outputs, strict=False):
        assert not told or output.replace("\r", "") == told, block + output + done.stderr[-2000:]
    assert (done.returncode, done.stderr) == (0, "")
    assert len(outputs) == len(blocks(language)) + 1


def of_a_shell_in_the_repository():
    """`python` is ours there, and finds the local cloud."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(REPOSITORY)}


def test_the_python_of_the_guide_runs_and_prints_what_it_says(service, tmp_path):
    command = [sys.executable, "-W", "error", "-"]
    holds("python", command, f'print("{MARK}", flush=True)', service, tmp_path, last="api.close()\n")


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_curl_of_the_guide_runs_and_prints_what_it_says(service, tmp_path):
    holds("sh", ["bash", "-euo", "pipefail"], f'echo "{MARK}"', service, tmp_path)


def test_the_guide_tells_every_operation_that_callers_use():
    text = GUIDE.replace("$jobs", "/jobs").replace("$QUANTUM_JOBS_URL", "")
    for item in OPERATIONS:
        word = {"get_raw_result": "rawResult", "get_program": "program", "get_error": "`type`"}.get(item.name)
        if not item.name.startswith("health"):
            assert (word or f"/{item.path.partition('/')[0]}") in text, item.name


def test_the_guide_tells_every_format():
    assert set(FORMATS) <= set(re.findall(r"`([a-z0-9-]+)`", GUIDE))
