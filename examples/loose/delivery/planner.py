"""From orders to a split: by the quantum service where it can be had, by the rule of thumb where not."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .program import GRID, couplings, score, source, split_of
from .routes import Routes
from .service import Down, JobService

SWEEP_SHOTS = 50
SHOTS = 400


class TooDear(Exception):
    """The estimate is above what may be spent."""


@dataclass(frozen=True)
class Wish:
    """Where to run, what both jobs together may cost, and a seed that repeats a simulation."""

    target: str
    most: Decimal
    seed: int | None = None


@dataclass(frozen=True)
class Plan:
    """A split of the orders, how it was found, and why not by the service where it was not."""

    split: int
    found_by: str
    why_not_quantum: str | None = None


class Planner:
    """Asks the quantum service for splits and keeps the best that fits the vans."""

    def __init__(self, routes: Routes, service: JobService, wish: Wish, say: Callable[[str, str], None]) -> None:
        self._routes, self._service, self._wish, self._say = routes, service, wish, say
        self._pairs = couplings(routes.orders, routes.between)
        self._source = source(len(routes.orders), self._pairs)

    def plan(self) -> Plan:
        """Plan the day.

        Raises:
            Refused: the request is wrong; somebody must change it.
        """
        thumb = self._routes.rule_of_thumb()
        self._say("by thumb", f"{self._routes.km(thumb):.1f} km, each van a sector round the depot")
        try:
            seen = self._seen()
        except (Down, TooDear) as reason:
            return Plan(thumb, "the rule of thumb", str(reason))
        best = min((split for split in seen if self._routes.fits(split)), key=self._routes.km, default=None)
        if best is None:
            return Plan(thumb, "the rule of thumb", f"no outcome of {self._wish.target} fits into the vans")
        self._say("best", f"{self._routes.km(best):.1f} km, came {seen[best]} times in {SHOTS} shots")
        if self._routes.km(thumb) < self._routes.km(best):
            return Plan(thumb, "the rule of thumb", f"{self._wish.target} found nothing as short")
        return Plan(best, f"{self._wish.target}, {SHOTS} shots")

    def _seen(self) -> dict[int, int]:
        """Search the angles in one job, run the best pair in a second; give how often each split came."""
        sweep = self._job("angles", GRID, SWEEP_SHOTS)
        self._afford([sweep, self._job("plan", GRID[:1], SHOTS)])
        items = self._result("sweep", f"{len(GRID)} pairs of angles, {SWEEP_SHOTS} shots each", sweep)
        best = min(items, key=self._mean)
        angles = best["parameters"]
        words = f"gamma {angles['gamma']:g}, beta {angles['beta']:g}: mean score {self._mean(best):.1f}"
        self._say("angles", f"{words} (of guesses: 0, lower is better)")
        run = self._job("plan", [angles], SHOTS)
        return _splits(self._result("run", f"{SHOTS} shots at these", run)[0])

    def _job(self, name: str, parameters: list[dict[str, float]], shots: int) -> dict[str, Any]:
        job: dict[str, Any] = {
            "name": f"delivery-{name}",
            "target": self._wish.target,
            "shots": shots,
            "program": {"format": "openqasm3", "source": self._source},
            "parameterSets": parameters,
            "limits": {"maxCost": {"amount": f"{self._wish.most:.2f}"}},
        }
        return job if self._wish.seed is None else job | {"options": {"seed": self._wish.seed}}

    def _afford(self, jobs: list[dict[str, Any]]) -> None:
        rows = [self._service.estimate(job) for job in jobs]
        cost, wait = sum(Decimal(row["cost"]["amount"]) for row in rows), rows[0]["wait"]["p50Seconds"]
        self._say("estimate", f"{self._wish.target}: {cost} {rows[0]['cost']['currency']}, starts in about {wait} s")
        if cost > self._wish.most:
            raise TooDear(f"{self._wish.target} would cost {cost}, and {self._wish.most:.2f} may be spent")

    def _result(self, what: str, of: str, job: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self._service.submit(job)
        replayed = ", of an earlier start" if answer.headers.get("Idempotency-Replayed") == "true" else ""
        self._say(what, f"{answer.json()['id']}: {of}{replayed}")
        items: list[dict[str, Any]] = self._service.follow(answer)["items"]
        return items

    def _mean(self, item: dict[str, Any]) -> float:
        """Give the mean score of the splits that came."""
        splits = _splits(item)
        return sum(score(split, self._pairs) * times for split, times in splits.items()) / max(sum(splits.values()), 1)


def _splits(item: dict[str, Any]) -> dict[int, int]:
    return {split_of(outcome): times for outcome, times in item["counts"].items()}
