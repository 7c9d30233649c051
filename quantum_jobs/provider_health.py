"""Which providers are well: one whose jobs fail for its own reasons, one after the other, gets no more for a while."""

from collections.abc import Callable

from quantum_jobs.breaker import Breaker

_FAILURES = 5  # different jobs in a row
_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 300.0
_REMEMBERED_JOBS = 1_000


class ProviderHealth:
    """A breaker per provider; each job counts once, however often it is looked at."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}
        self._counted: dict[str, None] = {}

    def seconds_left(self, provider: str) -> float:
        """How long a provider gets no jobs; 0 where it gets them."""
        return self._breaker(provider).seconds_left

    def enter(self, provider: str) -> bool:
        """Tell whether a job may go to a provider now; of those that wait one goes first, as a probe."""
        return self._breaker(provider).enter()

    def succeeded(self, provider: str) -> None:
        self._breaker(provider).succeeded()

    def failed(self, provider: str, job: str) -> None:
        """Count a job that its provider did not take, or let fail for reasons of its own."""
        if job in self._counted:
            return
        if len(self._counted) >= _REMEMBERED_JOBS:
            del self._counted[next(iter(self._counted))]
        self._counted[job] = None
        self._breaker(provider).failed()

    def _breaker(self, provider: str) -> Breaker:
        return self._breakers.setdefault(provider, Breaker(_FAILURES, _FIRST_SECONDS, _LONGEST_SECONDS, self._clock))
