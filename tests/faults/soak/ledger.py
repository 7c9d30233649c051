"""What callers were promised and what they saw, so that the end can be held against it."""

import statistics
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

OUTAGES = frozenset({429, 500, 502, 503, 504})


@dataclass
class Promise:
    """A key that was sent; `job_id` once a 202 came for it."""

    owner: str
    key: str
    body: dict
    job_id: str = ""
    deleted: bool = False
    cancelled: bool = False


@dataclass
class Seen:
    """The requests of one operation: seconds in calm weather and in any, and what was answered."""

    calm: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)
    answers: Counter = field(default_factory=Counter)


class Ledger:
    """Written by all callers at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self.promises: dict[tuple[str, str], Promise] = {}
        self.seen: dict[str, Seen] = defaultdict(Seen)
        self.wrong: list[str] = []  # what no weather excuses

    def sent(self, owner, key, body):
        with self._lock:
            return self.promises.setdefault((owner, key), Promise(owner, key, body))

    def accepted(self, promise, job_id):
        with self._lock:
            if promise.job_id and promise.job_id != job_id:
                self.wrong.append(f"key {promise.key} of {promise.owner} made {promise.job_id} and {job_id}")
            promise.job_id = job_id

    def blame(self, words):
        with self._lock:
            self.wrong.append(words)

    def answered(self, operation, status, seconds, *, calm):
        with self._lock:
            seen = self.seen[operation]
            seen.all.append(seconds)
            seen.answers[status] += 1
            if calm:
                seen.calm.append(seconds)

    def of(self, owner):
        """The owner's jobs that were accepted, oldest first."""
        with self._lock:
            return [promise for promise in self.promises.values() if promise.owner == owner and promise.job_id]

    def counts(self):
        with self._lock:
            jobs = sum(bool(promise.job_id) for promise in self.promises.values())
            return jobs, sum(len(seen.all) for seen in self.seen.values())

    def table(self):
        """Lines of operation, requests, outages, p50 and p99 in calm weather, p99 in any, in milliseconds."""
        yield f"| {'operation':<10} | requests | outages | p50 calm | p99 calm | p99 |"
        yield "|---|---|---|---|---|---|"
        for operation, seen in sorted(self.seen.items()):
            outages = sum(count for status, count in seen.answers.items() if status in OUTAGES or status == 0)
            numbers = (_ms(seen.calm, 50), _ms(seen.calm, 99), _ms(seen.all, 99))
            yield f"| {operation:<10} | {len(seen.all)} | {outages} | " + " | ".join(numbers) + " |"


def _ms(seconds, percent):
    if len(seconds) < 2:
        return "-"
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[percent - 1] * 1000:.0f} ms"
