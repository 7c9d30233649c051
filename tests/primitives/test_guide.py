"""The example of docs/tight.md runs as it stands and prints what stands below it."""

import os
import re
import subprocess
import sys

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
    assert done.stdout == told
