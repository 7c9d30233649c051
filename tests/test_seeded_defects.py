"""Defects put into a copy of the service on purpose: the tests must find each."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .cloud import REPOSITORY
from .defects import answers, client, crashes, endings, jobs, primitives, service, telemetry, webhooks

SUITES = [item.DEFECTS for item in (answers, client, crashes, endings, jobs, primitives, service, telemetry, webhooks)]
DEFECTS = {name: defect for suite in SUITES for name, defect in suite.items()}


def copied(folder: Path) -> None:
    """Copy the service and its tests into a folder."""
    leave = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("quantum_jobs", "local", "tests", "apim"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=leave)
    for name in ("function_app.py", "host.json", "pyproject.toml", "local.settings.json.example"):
        shutil.copy(REPOSITORY / name, folder / name)


def spoil(folder: Path, file: str, right: str, wrong: str) -> None:
    """Put a defect into a copy."""
    target = folder / "quantum_jobs" / file
    text = target.read_text()
    assert text.count(right) == 1, f"the line to spoil is not there once: {right}"
    target.write_text(text.replace(right, wrong))


def ended(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy until the first fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_each_defect_has_a_name_of_its_own_and_a_place_in_the_service():
    assert len(DEFECTS) == sum(map(len, SUITES))
    for name, (file, right, _, *tests) in DEFECTS.items():
        assert (REPOSITORY / "quantum_jobs" / file).read_text().count(right) == 1, f"the place is gone: {name}"
        assert all((REPOSITORY / test).exists() for test in tests), name


@pytest.mark.long
@pytest.mark.parametrize("defect", DEFECTS)
def test_the_tests_find_a_defect_put_in_on_purpose(defect, tmp_path):
    file, right, wrong, *tests = DEFECTS[defect]
    copied(tmp_path)
    spoil(tmp_path, file, right, wrong)
    done = ended(tmp_path, *tests)
    assert done.returncode == 1, f"no test noticed: {defect}\n{done.stdout[-2000:]}"
    assert "\nFAILED " in done.stdout, f"no test could tell: {defect}\n{done.stdout[-2000:]}"


@pytest.mark.long
def test_without_a_defect_the_same_tests_are_green(tmp_path):
    copied(tmp_path)
    done = ended(tmp_path, *sorted({name for _, _, _, *tests in DEFECTS.values() for name in tests}))
    assert done.returncode == 0, done.stdout[-2000:]
