"""A wrong pipeline of either kind is refused; the right ones call targets that there are and cover all tests."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.lint import LintFailed, lint
from pipelines.reading import azure, github, names
from pipelines.rules import faults
from tests.cloud import REPOSITORY

QUANTUM = ".github/workflows/quantum-build.yml"
RELEASE = ".github/workflows/release.yml"
AZURE_RELEASE = "pipelines/release.yml"
TEMPLATE = "pipelines/templates/azure.yml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the pipelines; the rest of the repository is there by links."""
    for entry in REPOSITORY.iterdir():
        if entry.name in (".github", "pipelines"):
            shutil.copytree(entry, tmp_path / entry.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif entry.name not in (".git", ".venv", "node_modules", "build"):
            (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


def spoil(tree: Path, file: str, right: str, wrong: str) -> None:
    text = (tree / file).read_text()
    assert right in text, f"there is no line to spoil: {right}"
    (tree / file).write_text(text.replace(right, wrong, 1))


def test_our_pipelines_pass_every_checker():
    lint(REPOSITORY)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        (RELEASE, "needs: [package]", "needs: [packages]", "what_if waits for packages, which there is not"),
        (AZURE_RELEASE, "dependsOn: [package]", "dependsOn: [packages]", "what_if waits for packages"),
        (AZURE_RELEASE, "templates/classical.yml", "templates/classic.yml", "cannot be read: .*No such file"),
        (AZURE_RELEASE, "    connection:", "    conection:", "has no parameter 'conection'"),
        (TEMPLATE, "name: connection", "name: links", "has no parameter 'connection'"),
        (QUANTUM, "run: make quantum-compile", "run: make quantum-build", "makes quantum-build, which the Makefile"),
        (QUANTUM, "run: make quantum-compile", "run: python -m quantum", "only `make TARGET` is allowed"),
        (AZURE_RELEASE, "[release-check, release-what-if]", "[release-what-if]", "commands of what_if differ"),
        (RELEASE, "needs: [deploy, smoke]", "needs: [smoke]", "needs of roll_back differ"),
        (AZURE_RELEASE, "- stage: smoke", "- stage: look", "only one kind has the stage look"),
        (RELEASE, '"infra/**"', '"infrastructure/**"', "no such path: infrastructure"),
        (AZURE_RELEASE, "      - host.json\n", "", r"release: host\.json starts one kind only \(push\)"),
        (QUANTUM, "@08c6903cd8c0fde910a37f88322edcfb5dd907a8 #", "@v5 #", "must be pinned by its commit"),
        (QUANTUM, "permissions: {}", "permissions: write-all", "must begin with `permissions: {}`"),
        (QUANTUM, "contents: read", "contents: write", "compile must have the permissions"),
        (QUANTUM, "      id-token: write", "      actions: write", "submit must have the permissions"),
        (RELEASE, "    environment: release-plan\n", "", "what_if logs in to Azure and must name the environment"),
        (AZURE_RELEASE, "or(eq(", "or(equals(", r"calls equals\(\), which there is not"),
        (AZURE_RELEASE, "vmImage:", "vmImg:", "a pool must have its vmImage"),
    ],
)
def test_what_the_other_checkers_do_not_see_is_told(tree, file, right, wrong, told):
    spoil(tree, file, right, wrong)
    assert [fault for fault in faults(tree) if re.search(told, fault)], list(faults(tree))


def test_a_pipeline_of_one_kind_only_is_told(tree):
    (tree / "pipelines/quantum-build.yml").unlink()
    assert list(faults(tree)) == ["quantum-build: there is a pipeline of one kind only"]


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        (QUANTUM, "runs-on: ubuntu-24.04", "runs-on: ubuntu-16.04", r"(?s)actionlint:.*ubuntu-16\.04"),
        (QUANTUM, "        with:\n          persist-credentials: false\n", "", r"(?s)zizmor:.*credential persistence"),
        (QUANTUM, "timeout-minutes: 20", "timeout-minute: 20", r"(?s)check-jsonschema:.*quantum-build"),
        (AZURE_RELEASE, "displayName: Deploy", "displayname: Deploy", r"(?s)check-jsonschema:.*release\.yml"),
        (TEMPLATE, "scriptType: bash", "scriptType: fish", r"(?s)check-jsonschema:.*azure\.yml"),
    ],
)
def test_what_each_checker_is_there_for_fails_the_whole(tree, file, right, wrong, told):
    spoil(tree, file, right, wrong)
    with pytest.raises(LintFailed, match=told):
        lint(tree)


def test_a_tree_without_pipelines_is_no_tree_without_faults(tmp_path):
    with pytest.raises(LintFailed, match="has no pipelines"):
        lint(tmp_path)


def test_every_target_that_a_pipeline_calls_can_be_made():
    pipelines = [read(REPOSITORY, name) for read in (github, azure) for name in names(REPOSITORY)[0]]
    commands = {command for pipeline in pipelines for stage in pipeline.stages.values() for command in stage.commands}
    assert len(commands) > 10
    for command in commands:
        done = subprocess.run([*command.split(), "-n"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert ".venv/bin/" in done.stdout, command


def test_the_stages_of_the_classical_build_run_every_test_file_once():
    found: list[str] = []
    for target in ("test-unit", "test-integration", "test-gateway", "test-faults"):
        recipe = subprocess.run(
            ["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        words = next(line for line in recipe if "-m pytest" in line).split()
        left_out = [word.partition("=")[2] for word in words if word.startswith("--ignore=")]
        places = [word for word in words if word.startswith("tests")]
        found += [file for place in places for file in files(place) if not any(is_below(file, out) for out in left_out)]
    assert sorted(found) == sorted(files("tests"))


def files(place: str) -> list[str]:
    path = REPOSITORY / place
    paths = [path] if path.is_file() else path.rglob("test_*.py")
    return [item.relative_to(REPOSITORY).as_posix() for item in paths]


def is_below(file: str, place: str) -> bool:
    return file == place or file.startswith(f"{place}/")
