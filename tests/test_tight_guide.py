"""The blocks of docs/tight.md run as they stand, and print what stands below them."""

import os
import re
import subprocess
import sys
import tomllib

import quantum_jobs

from .cloud import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "tight.md").read_text()
OURS = GUIDE.partition("## Qiskit primitives\n")[0]  # the rest is held by tests/primitives
MARK = "-- end of a block --"


def blocks():
    """Give each block of Python with the output that is told right below it, None where none is."""
    found = re.findall(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", OURS, re.MULTILINE | re.DOTALL)
    assert len(found) == 6
    return found


def test_the_guide_runs_and_prints_what_it_says(service, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input="".join(f'{block}print("{MARK}", flush=True)\n' for block, _ in blocks()),
        cwd=tmp_path,
        env={**os.environ, **service.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    outputs = [output.lstrip("\n") for output in done.stdout.split(MARK)]
    for (block, told), output in zip(blocks(), outputs, strict=False):
        assert not told or output == told, block + output + done.stderr[-2000:]
    assert (done.returncode, done.stderr) == (0, "")


def test_the_guide_tells_every_name_that_the_package_offers():
    assert [name for name in quantum_jobs.__all__ if name not in GUIDE] == []


def test_the_extra_of_the_package_is_what_its_tests_run_with():
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    pinned = (REPOSITORY / "requirements-tight.in").read_text()
    for requirement in pyproject["project"]["optional-dependencies"]["qiskit"]:
        assert re.search(rf"^{re.escape(requirement)}\b", pinned, re.MULTILINE), requirement
