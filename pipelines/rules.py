"""What the linters of others do not see: both kinds are the same pipeline, and call make targets that there are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.reading import AZURE, WORKFLOWS, Pipeline, Stage, Unreadable, azure, github, load, names

_TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
_COMMAND = re.compile(r"make ([a-z0-9-]+)")
_PINNED = re.compile(r"uses: (?:\./\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)(?:\s+#.*)?$")
_FUNCTIONS = frozenset(
    {"always", "and", "canceled", "contains", "endsWith", "eq", "failed", "ge", "gt", "in", "le", "lt", "ne", "not"}
    | {"notIn", "or", "startsWith", "succeeded", "succeededOrFailed", "xor"}
)


def faults(root: Path) -> Iterator[str]:
    """Give what is wrong with the pipelines of a tree."""
    of_github, of_azure = names(root)
    for name in sorted(of_github ^ of_azure):
        yield f"{name}: there is a pipeline of one kind only"
    targets = set(_TARGET.findall((root / "Makefile").read_text()))
    for name in sorted(of_github & of_azure):
        try:
            pair = github(root, name), azure(root, name)
        except (Unreadable, KeyError, TypeError, AttributeError) as error:
            yield f"{name}: cannot be read: {error!r}"
            continue
        for pipeline in pair:
            yield from _of_one(root, pipeline, targets)
        yield from _of_both(name, *pair)
    for file in sorted((root / WORKFLOWS).glob("*.yml")):
        yield from _of_workflow(file)
    for file in sorted((root / AZURE).rglob("*.yml")):
        yield from _conditions(file, load(file))


def _of_one(root: Path, pipeline: Pipeline, targets: set[str]) -> Iterator[str]:
    for name, stage in pipeline.stages.items():
        for need in sorted(stage.needs - pipeline.stages.keys()):
            yield f"{pipeline.file}: {name} waits for {need}, which there is not"
        if not stage.commands:
            yield f"{pipeline.file}: {name} does nothing"
        for command in stage.commands:
            found = _COMMAND.fullmatch(command)
            if not found:
                yield f"{pipeline.file}: {name} runs {command!r}: only `make TARGET` is allowed"
            elif found[1] not in targets:
                yield f"{pipeline.file}: {name} makes {found[1]}, which the Makefile does not have"
    for path in sorted(pipeline.push | pipeline.pull_request):
        if not any(root.glob(path)):
            yield f"{pipeline.file}: no such path: {path}"


def _of_both(name: str, one: Pipeline, other: Pipeline) -> Iterator[str]:
    for stage in sorted(one.stages.keys() ^ other.stages.keys()):
        yield f"{name}: only one kind has the stage {stage}"
    for stage in sorted(one.stages.keys() & other.stages.keys()):
        for what, value, second in _compared(one.stages[stage], other.stages[stage]):
            if value != second:
                yield f"{name}: {what} of {stage} differ: {_told(value)} in GitHub, {_told(second)} in Azure"
    for event in ("push", "pull_request"):
        own = {str(one.file), str(other.file), str(WORKFLOWS), str(AZURE)}
        mine, theirs = getattr(one, event) - own, getattr(other, event) - own
        for path in sorted(mine ^ theirs):
            yield f"{name}: {path} starts one kind only ({event})"


def _compared(one: Stage, other: Stage) -> Iterator[tuple[str, Any, Any]]:
    yield "commands", one.commands, other.commands
    yield "needs", one.needs, other.needs
    yield "identities", one.identity, other.identity


def _told(value: Any) -> str:
    return ", ".join(sorted(value)) or "none" if isinstance(value, tuple | frozenset) else str(value)


def _of_workflow(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if "uses:" in line and not _PINNED.search(line):
            yield f"{file.name}:{number}: an action must be pinned by its commit, with its version as a comment"
    document = load(file)
    if document.get("permissions") != {}:
        yield f"{file.name}: must begin with `permissions: {{}}`, each job names its own"
    for name, job in document.get("jobs", {}).items():
        given = job.get("permissions")
        needed = {"contents": "read"}
        if any(step.get("uses", "").startswith("azure/login@") for step in job.get("steps", [])):
            needed["id-token"] = "write"
            if not job.get("environment"):
                yield f"{file.name}: {name} logs in to Azure and must name the environment that its identity is for"
        if given != needed:
            yield f"{file.name}: {name} must have the permissions {needed} and no others"


def _conditions(file: Path, node: Any) -> Iterator[str]:
    """Find functions in conditions that Azure Pipelines does not have."""
    if isinstance(node, list):
        for item in node:
            yield from _conditions(file, item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "condition":
                for function in sorted(set(re.findall(r"(\w+)\(", str(value))) - _FUNCTIONS):
                    yield f"{file.name}: a condition calls {function}(), which there is not"
            if key == "pool" and set(value) != {"vmImage"}:
                yield f"{file.name}: a pool must have its vmImage, and nothing else"
            yield from _conditions(file, value)
