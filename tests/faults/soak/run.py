"""One soak: a cloud, callers, weather, samples of what the processes take, and the reckoning."""

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import httpx

from local.state import State
from tests.cloud import start_cloud
from tests.conftest import Service

from .callers import SCRIPT, Caller
from .ending import broken, settle
from .growth import HEAD, LEAST_MINUTES, Sample, growth
from .ledger import Ledger
from .weather import Weather

OWNERS, CALLERS_EACH = ("demo", "alice", "bob"), 2
SAMPLE_SECONDS = 5.0
SETTINGS = {
    "MONTHLY_BUDGET": "10000000.00",  # what is tried here is not how a budget ends
    "FUNCTIONS_QUEUE_LEASE_SECONDS": "60",  # what a killed host had taken comes back sooner than in Azure
}


@dataclass
class Outcome:
    """What a soak gave; `broken` names each promise that was not kept."""

    minutes: float
    seed: int
    ledger: Ledger
    weather: Weather
    states: Counter
    runs: int
    grown: list
    broken: list

    def report(self):
        jobs, requests = self.ledger.counts()
        yield (
            f"{self.minutes:g} minutes, seed {self.seed}: {requests} requests, {jobs} jobs, {self.runs} runs, "
            f"{sum(self.weather.faults.values())} faults, {self.weather.kills} hosts killed"
        )
        yield "ended: " + ", ".join(f"{count} {state}" for state, count in self.states.most_common())
        yield from ("", *self.ledger.table(), "", *HEAD, *(part.row() for part in self.grown), "")
        yield from (f"NOT KEPT: {words}" for words in self.broken)
        yield "nothing lost, nothing doubled, all kept" if not self.broken else f"{len(self.broken)} promises not kept"


def soak(minutes, seed, folder, *, show=sys.stderr):
    """Run one; `folder` is for keys and logs of the cloud, `show` gets a line of progress."""
    with patch.dict(os.environ, SETTINGS), start_cloud("--no-limits", "--state", str(folder)) as cloud:
        service = Service(cloud.environment, State(Path(folder)))
        service.script(SCRIPT)
        began = time.monotonic()
        until = began + minutes * 60
        ledger, weather = Ledger(), Weather(cloud.environment["LOCAL_CONTROL_URL"], seed, began + minutes * 20)
        callers = [
            Caller(owner, number, service, ledger, weather, seed, until)
            for owner in OWNERS
            for number in range(CALLERS_EACH)
        ]
        for thread in (weather, *callers):
            thread.start()
        samples = _watch(cloud, ledger, weather, began, until, show)
        for caller in callers:
            caller.join()
        weather.end()
        grown = growth(samples) if samples else []
        documents = settle(service, ledger)
        wrong = list(broken(service, ledger, documents))
        if minutes >= LEAST_MINUTES:
            wrong += [words for part in grown for words in part.faults()]
        states = Counter(document["state"] if document else "deleted" for document in documents.values())
        return Outcome(minutes, seed, ledger, weather, states, len(service.workspace_jobs()), grown, wrong)


def _watch(cloud, ledger, weather, began, until, show):
    samples, url = [], cloud.environment["LOCAL_CONTROL_URL"] + "/control/processes"
    while (moment := time.monotonic()) < until:
        answer = httpx.get(url, trust_env=False, timeout=60)
        jobs, requests = ledger.counts()
        if answer.is_success:
            samples.append(Sample.of(moment - began, jobs, answer.json()))
        line = (
            f"{(moment - began) / 60:5.1f} of {(until - began) / 60:g} minutes: {jobs} jobs, {requests} requests, "
            f"{sum(weather.faults.values())} faults, {weather.kills} kills, {len(ledger.wrong)} wrong"
        )
        print(line, end="\r" if show.isatty() else "\n", file=show, flush=True)
        time.sleep(max(0.0, min(SAMPLE_SECONDS, until - time.monotonic())))
    return samples
