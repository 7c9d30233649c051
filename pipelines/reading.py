"""Pipelines of both kinds, read into one shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import PipelineError

WORKFLOWS = Path(".github/workflows")
AZURE = Path("pipelines")


class Unreadable(PipelineError):
    """A file is not there, or not what a pipeline of its kind must be."""


@dataclass(frozen=True)
class Stage:
    """A stage, or a job of GitHub's: what it waits for, runs, and whether as an identity of Azure."""

    needs: frozenset[str]
    commands: tuple[str, ...]
    identity: bool
    environment: str | None


@dataclass(frozen=True)
class Pipeline:
    """A pipeline: stages by name, the paths that start it by event, folders without their `/**`."""

    file: Path
    stages: Mapping[str, Stage]
    push: frozenset[str]
    pull_request: frozenset[str]


def names(root: Path) -> tuple[set[str], set[str]]:
    """Give the names of the pipelines of GitHub and of Azure."""
    found = [{path.stem for path in (root / folder).glob("*.yml")} for folder in (WORKFLOWS, AZURE)]
    return found[0], found[1]


def load(file: Path) -> Any:
    """Read YAML; `on` is a word, not a truth value.

    Raises:
        Unreadable: not there, or no YAML; says where.
    """
    try:
        return yaml.load(file.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise Unreadable(f"{file}: {error}") from error


def github(root: Path, name: str) -> Pipeline:
    """Read a workflow; one that it calls is read in its place."""
    file = WORKFLOWS / f"{name}.yml"
    document = load(root / file)
    events = document["on"]
    stages = dict(_github_stages(root, document["jobs"]))
    return Pipeline(file, stages, _paths(events.get("push")), _paths(events.get("pull_request")))


def azure(root: Path, name: str) -> Pipeline:
    """Read a pipeline; templates of stages and steps are read in their places."""
    file = AZURE / f"{name}.yml"
    document = load(root / file)
    stages = dict(_azure_stages(root, file.parent, document.get("stages", [])))
    return Pipeline(file, stages, _azure_paths(document.get("trigger")), _azure_paths(document.get("pr")))


def _github_stages(root: Path, jobs: Mapping[str, Any]) -> Iterator[tuple[str, Stage]]:
    called: dict[str, frozenset[str]] = {}
    for name, job in jobs.items():
        needs = frozenset(place for need in job.get("needs", []) for place in called.get(need, {need}))
        if "uses" in job:
            inner = dict(_github_stages(root, load(root / job["uses"].removeprefix("./"))["jobs"]))
            called[name] = frozenset(inner)
            yield from inner.items()
            continue
        steps = job.get("steps", [])
        commands = tuple(step["run"].strip() for step in steps if "run" in step)
        identity = any(step.get("uses", "").startswith("azure/login@") for step in steps)
        yield name, Stage(needs, commands, identity, job.get("environment"))


def _azure_stages(root: Path, folder: Path, entries: list[Any]) -> Iterator[tuple[str, Stage]]:
    for entry in entries:
        if "template" in entry:
            file = folder / entry["template"]
            yield from _azure_stages(root, file.parent, load(root / file).get("stages", []))
            continue
        if len(entry.get("jobs", [])) != 1:
            raise Unreadable(f"{folder}: stage {entry.get('stage')} must have one job")
        job = entry["jobs"][0]
        steps = job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
        found = [_azure_step(root, folder, step) for step in steps]
        commands = tuple(command for commands, _ in found for command in commands)
        needs = frozenset(entry.get("dependsOn", []))
        yield entry["stage"], Stage(needs, commands, any(as_ for _, as_ in found), job.get("environment"))


def _azure_step(root: Path, folder: Path, step: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Give the commands of a step, and whether it runs as an identity of Azure."""
    if "template" not in step:
        return ((step["script"],) if "script" in step else ()), step.get("task", "").startswith("AzureCLI@")
    file, given = folder / step["template"], step.get("parameters", {})
    template = load(root / file)
    _check_parameters(file, template.get("parameters", []), given)
    return tuple(f"make {target}" for target in given.get("targets", [])), "connection" in given


def _check_parameters(file: Path, declared: list[Mapping[str, Any]], given: Mapping[str, Any]) -> None:
    known = {item["name"] for item in declared}
    needed = {item["name"] for item in declared if "default" not in item}
    if unknown := sorted(given.keys() - known):
        raise Unreadable(f"{file}: has no parameter {unknown[0]!r}")
    if missing := sorted(needed - given.keys()):
        raise Unreadable(f"{file}: is not given its parameter {missing[0]!r}")


def _paths(event: Any) -> frozenset[str]:
    return frozenset(path.removesuffix("/**") for path in (event or {}).get("paths", []))


def _azure_paths(trigger: Any) -> frozenset[str]:
    return frozenset(trigger["paths"]["include"]) if isinstance(trigger, dict) else frozenset()


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # the package has no types
    """YAML 1.2's booleans: `on`, `off`, `yes` and `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
