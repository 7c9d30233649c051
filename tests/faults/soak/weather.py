"""The weather: faults at the wire that come and go, and hosts that are killed, as a seed says."""

import random
import threading
import time
from collections import Counter

import httpx

from tests.faults.parts import PARTS, WAYS, fault

CALM_SECONDS, FAULT_SECONDS, KILL_SECONDS = (6, 18), (2, 8), (80, 160)
SETTLING_SECONDS = 12  # so long after a fault what is asked may still wait for its end, or for a breaker's


class Weather(threading.Thread):
    """Makes the weather until it is told to end; `calm` says that there is none, and was none lately."""

    def __init__(self, control, seed, kills_until):
        super().__init__(name="weather", daemon=True)
        self._control = httpx.Client(base_url=control, timeout=60, trust_env=False)
        self._chance = random.Random(f"{seed}:weather")
        self._kills_until, self._ending = kills_until, threading.Event()
        self._bad_until = 0.0
        self.faults: Counter = Counter()
        self.kills = 0

    @property
    def calm(self):
        return time.monotonic() > self._bad_until

    def end(self):
        """Let the sun shine."""
        self._ending.set()
        self.join()
        self._faults()
        self._control.close()

    def run(self):
        next_kill = time.monotonic() + self._chance.uniform(*KILL_SECONDS) / 2
        while not self._ending.wait(self._chance.uniform(*CALM_SECONDS)):
            if next_kill < time.monotonic() < self._kills_until:
                self._kill()
                next_kill = time.monotonic() + self._chance.uniform(*KILL_SECONDS)
            else:
                self._fault()

    def _kill(self):
        self._bad_until = float("inf")
        self._control.post("/control/restart/functions").raise_for_status()
        self.kills += 1
        self._bad_until = time.monotonic() + SETTLING_SECONDS

    def _fault(self):
        part, way = self._chance.choice(PARTS), self._chance.choice(list(WAYS))
        share = self._chance.choice((0.2, 0.5, 1.0))
        self.faults[part, way] += 1
        self._bad_until = float("inf")
        self._faults({**fault(part, way), "probability": share}, seed=self._chance.getrandbits(30))
        self._ending.wait(self._chance.uniform(*FAULT_SECONDS))
        self._faults()
        self._bad_until = time.monotonic() + SETTLING_SECONDS

    def _faults(self, *faults, seed=0):
        self._control.put("/control/faults", json={"seed": seed, "faults": list(faults)}).raise_for_status()
