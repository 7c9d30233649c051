"""Targets on which a job comes to rest in a state of its life, by a script."""

from typing import Any

from local.azure_quantum import Script

FOR_EVER, PLACES = 1e12, 2
SUCCEEDS, WAITS, HOLDS, FINISHES, FAILS = (
    "rigetti.sim.qvm",
    "ionq.qpu.aria-1",
    "quantinuum.sim.h2-1e",
    "quantinuum.sim.h2-2e",
    "quantinuum.sim.helios-1e",
)
TARGETS = (SUCCEEDS, WAITS, HOLDS, FINISHES, FAILS)
RESTS = {SUCCEEDS: "Succeeded", WAITS: "Waiting", FINISHES: "Finishing", FAILS: "Failed"}
"""On HOLDS the first ones execute, one on each place; the others wait."""
BEHAVIOUR = {
    WAITS: {"queue_seconds": FOR_EVER},
    HOLDS: {"queue_seconds": 0, "execution_seconds": FOR_EVER, "capacity": PLACES},
    FINISHES: {"queue_seconds": 0, "finishing_seconds": FOR_EVER, "capacity": 100},
    FAILS: {"queue_seconds": 0, "failure_rate": 1.0},
}
FINAL = {"Succeeded", "Failed", "Cancelled"}


def script(**members: Any) -> Script:
    """Hold jobs as above; other members of a script beside."""
    return Script.of({"targets": BEHAVIOUR} | members)


def provider_of(target: str) -> str:
    return target.partition(".")[0]
