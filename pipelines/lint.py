"""All checks of the pipelines' files: actionlint, zizmor, the schemas of both kinds, and our own rules; offline."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.reading import AZURE, WORKFLOWS
from pipelines.rules import faults

_AZURE_SCHEMA = ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"]


class LintFailed(PipelineError):
    """The files are not as they must be; says each fault."""


def lint(root: Path) -> None:
    """Check all pipelines of a tree.

    Raises:
        LintFailed: with what each checker says.
    """
    workflows = sorted(map(str, (root / WORKFLOWS).glob("*.yml")))
    pipelines = sorted(map(str, (root / AZURE).rglob("*.yml")))
    if not workflows or not pipelines:
        raise LintFailed(f"{root} has no pipelines in {WORKFLOWS} and {AZURE}")
    commands = [
        ["actionlint", "-no-color", "-shellcheck=", "-pyflakes=", *workflows],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--color=never", *workflows],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows],
        # Its own regular expressions are not those of the default engine.
        ["check-jsonschema", *_AZURE_SCHEMA, "--regex-variant", "python", *pipelines],
    ]
    with ThreadPoolExecutor() as pool:
        told = [text for text in pool.map(_told, commands) if text]
    own = list(faults(root))
    if told or own:
        raise LintFailed("\n".join(["the pipelines are not as they must be:", *told, *own]))


def _told(command: list[str]) -> str:
    """Run a checker that stands beside this interpreter; give what it says, nothing where all is right."""
    program = Path(sys.executable).with_name(command[0])
    if not program.exists():
        raise LintFailed(f"{command[0]} is not there: run `make dev`")
    done = subprocess.run([str(program), *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603
    return f"{command[0]}:\n{done.stdout}{done.stderr}".strip() if done.returncode else ""
