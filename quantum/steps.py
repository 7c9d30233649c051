"""The steps of a quantum build, each over the programs chosen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from quantum.catalogue import Catalogue, ProgramEntry
from quantum.compiling import compiled
from quantum.distributions import check_distribution, check_success
from quantum.errors import Failed
from quantum.estimating import (
    Estimate,
    check_budget,
    difference,
    document,
    draw,
    estimated,
    read_baseline,
)
from quantum.reports import Report
from quantum.simulating import simulated
from quantum.submitting import Order, check_counts, check_target, connected, ordered, submitted

_TESTS_PER_SAMPLE = 2  # distribution and success


@dataclass(frozen=True)
class Build:
    """A run: which programs of which catalogue, where results go, how many shots, from which seed."""

    catalogue: Catalogue
    folder: Path
    programs: dict[str, ProgramEntry]
    report: Report
    shots: int
    seed: int

    @property
    def false_alarm(self) -> float:
        """The rate of one test, so that all of one step together have the catalogue's."""
        tests = _TESTS_PER_SAMPLE * sum(len(program.profiles) for program in self.catalogue.programs.values())
        return self.catalogue.false_alarm / tests


def compile_all(build: Build) -> None:
    """Compile each program for each of its profiles, into qir/NAME.PROFILE.ll."""

    def work(name: str, program: ProgramEntry) -> str:
        sizes = []
        for profile in program.profiles:
            text = compiled(build.folder, program, profile)
            build.report.write(f"qir/{name}.{profile}.ll", text)
            sizes.append(f"{profile} {len(text):,} B")
        return ", ".join(sizes)

    for name, program in build.programs.items():
        build.report.case("compile", name, partial(work, name, program))


def simulate_all(build: Build) -> None:
    """Hold the simulated outcomes of each program and profile against its distribution and its promise of success."""
    found: dict[str, Any] = {}

    def work(name: str, program: ProgramEntry) -> str:
        tests = []
        for profile in program.profiles:
            counts = simulated(compiled(build.folder, program, profile), build.shots, build.seed)
            found[f"{name}.{profile}"] = dict(sorted(counts.items()))
            share = check_success(counts, program.success, build.false_alarm)
            p_value = check_distribution(counts, program.distribution, build.false_alarm)
            tests.append(f"{profile}: success {share:.1%}, p = {p_value:.2g}")
        return "; ".join(tests)

    for name, program in build.programs.items():
        build.report.case("simulate", name, partial(work, name, program))
    build.report.write_json("counts.json", {"shots": build.shots, "seed": build.seed, "counts": found})


def estimate_all(build: Build, baseline: Path, *, accept: bool) -> None:
    """Estimate each program, hold it against its budget, tell what changed; with `accept` make it the new baseline."""
    before = read_baseline(baseline)
    found: dict[str, list[Estimate]] = {}
    tables: list[Any] = []

    def work(name: str, program: ProgramEntry) -> str:
        ways, table = estimated(build.folder, name, program, build.catalogue.assumptions)
        found[name] = ways
        tables.append(table)
        way = check_budget(ways, program.budget)
        changed = difference(way, before.get(name), program.budget)
        return f"{way.qubits:,} qubits, {way.t_states:,} T states, {way.runtime_ns / 1000:,.1f} us; {changed}"

    for name, program in build.programs.items():
        build.report.case("estimate", name, partial(work, name, program))
    build.report.write_json("estimates.json", document(found))
    if tables:
        draw(tables, build.report.folder / "estimates.svg")
        build.report.notes += _table(found)
    if accept and not build.report.exit_code:
        build.report.write_json(str(baseline.absolute()), document({**before, **found}))


def submit_all(build: Build, target: str | None, timeout: float) -> None:
    """Run each program as a job, side by side, and hold what comes back."""
    targets = {name: target or program.target for name, program in build.programs.items()}
    for each in targets.values():
        check_target(each)
    orders = _orders(build, targets)
    if not orders:
        return
    with connected() as client, ThreadPoolExecutor(len(orders)) as pool:
        jobs = {name: pool.submit(submitted, client, order, timeout) for name, order in orders.items()}

        def work(name: str) -> str:
            held = check_counts(jobs[name].result(), build.programs[name], targets[name], build.false_alarm)
            return f"{targets[name]}: {held}"

        for name in orders:
            build.report.case("submit", name, partial(work, name))


def _orders(build: Build, targets: dict[str, str]) -> dict[str, Order]:
    """Prepare all in this thread; what cannot be prepared is a failed case."""
    orders: dict[str, Order] = {}
    for name, program in build.programs.items():
        try:
            orders[name] = ordered(build.folder, name, program, targets[name], build.shots)
        except Failed as error:
            build.report.case("submit", name, partial(_again, error))
    return orders


def _again(error: Failed) -> str:
    raise error


def _table(found: dict[str, list[Estimate]]) -> list[str]:
    rows = [
        f"| {name} | {way.qubits:,} | {way.t_states:,} | {way.runtime_ns / 1000:,.1f} | {way.error:.2g} |"
        for name, ways in found.items()
        for way in ways
    ]
    return ["### Ways to run them", "", "| program | qubits | T states | us | error |", "|---|---|---|---|---|", *rows]
