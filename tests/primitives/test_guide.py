"""The example of docs/tight.md runs as it stands and prints what stands below it."""

import ast
import os
import re
import subprocess
import sys

import pytest

from tests.cloud import REPOSITORY


def test_the_example_of_the_primitives_prints_what_it_says(service):
    section = (REPOSITORY / "docs" / "tight.md").read_text().partition("## Qiskit primitives\n")[2]
    code, told = re.search(r"^```python\n(.*?)^```\n```text\n(.*?)^```\n", section, re.MULTILINE | re.DOTALL).groups()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, **service.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    values, *rest = done.stdout.splitlines()
    values_told, *rest_told = told.splitlines()
    assert rest[:2] == rest_told[:2]
    # Seeds repeat a run of one release of the simulator; the next may draw other shots.
    assert numbers(values) == pytest.approx(numbers(values_told), abs=0.03)
    assert ast.literal_eval(rest[2]).keys() == ast.literal_eval(rest_told[2]).keys()


def numbers(line: str) -> list[float]:
    return [float(word) for word in re.findall(r"-?\d+\.\d+", line)]
