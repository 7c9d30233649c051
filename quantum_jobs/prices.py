"""The rate card: what a run costs, by the dimensions that each provider bills.

The dimensions are those of the service's recorded bills. The unit prices are round figures chosen here, not those of
the providers: set `RATE_CARD` to your agreement's (docs/operations.md). Gates are counted on the program as it is sent,
both arms of a branch included; a provider may bill what its compiler makes of them. Not verified on Azure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantum_jobs.errors import SettingsMissing
from quantum_jobs.money import CURRENCY, Money
from quantum_jobs.programs import Resources

BASIS = "rate card 2026-11"
_CREDITS_START = 5.0
_CREDITS_SHARE = 5000.0


@dataclass(frozen=True)
class Rate:
    """Prices of one target in one currency; all zero is free.

    `gate_1q_shot`, `gate_2q_shot`: per gate and shot; `minimum`: the least that the gates of an item cost. `credit`:
    per Quantinuum credit, of which a job takes 5 + shots x (N1 + 10 N2 + 5 Nm) / 5000, counts summed over its items
    (product data sheet of the H series; that a batch pays the 5 once is chosen here). `second`: per second of run.
    """

    currency: str = CURRENCY
    gate_1q_shot: float = 0.0
    gate_2q_shot: float = 0.0
    credit: float = 0.0
    second: float = 0.0
    minimum: float = 0.0

    def price(self, items: Sequence[Resources], shots: int, run_seconds: float) -> Money:
        """Price a job: `shots` runs of each item; `run_seconds` is what the whole job takes on the machine."""
        gates = sum(max(shots * self._shot(item), self.minimum) for item in items)
        weight = sum(item.one_qubit_gates + 10 * item.two_qubit_gates + 5 * item.measurements for item in items)
        credits_used = _CREDITS_START + shots * weight / _CREDITS_SHARE
        return Money.of(gates + credits_used * self.credit + run_seconds * self.second, self.currency)

    def _shot(self, item: Resources) -> float:
        return item.one_qubit_gates * self.gate_1q_shot + item.two_qubit_gates * self.gate_2q_shot

    @property
    def free(self) -> bool:
        return not any((self.gate_1q_shot, self.gate_2q_shot, self.credit, self.second, self.minimum))

    def document(self) -> dict[str, Any]:
        """Give the prices as callers see them: those that are not zero."""
        named = {"gate_1q_shot": "gate1qShot", "gate_2q_shot": "gate2qShot"}
        unit_prices = {
            named.get(name, name): str(value) for name, value in vars(self).items() if name != "currency" and value
        }
        return {"currency": self.currency, "free": self.free, "basis": BASIS, "unitPrices": unit_prices}


_FREE = Rate()
_IONQ = Rate(gate_1q_shot=0.0002, gate_2q_shot=0.001)
_EMULATOR = Rate(credit=1.0)
_QUANTINUUM = Rate(credit=10.0)
RATES: Mapping[str, Rate] = {
    "ionq.qpu.aria-1": _IONQ,
    "ionq.qpu.forte-1": _IONQ,
    "ionq.qpu.forte-enterprise-1": _IONQ,
    "quantinuum.sim.h2-1e": _EMULATOR,
    "quantinuum.sim.h2-2e": _EMULATOR,
    "quantinuum.sim.helios-1e": _EMULATOR,
    "quantinuum.qpu.h2-1": _QUANTINUUM,
    "quantinuum.qpu.h2-2": _QUANTINUUM,
    "quantinuum.qpu.helios-1": _QUANTINUUM,
    "rigetti.qpu.cepheus-1-108q": Rate(second=2.0),
}


def rate_card(text: str) -> Mapping[str, Rate]:
    """Read the setting `RATE_CARD`: JSON, target to unit prices, over the built-in ones; empty changes nothing.

    Raises:
        SettingsMissing: not of that form; says where.
    """
    if not text:
        return RATES
    try:
        return {**RATES, **{target: Rate(**prices) for target, prices in json.loads(text).items()}}
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsMissing(
            f"RATE_CARD is not JSON of the form {{target: {{unit price: number}}}}: {error}"
        ) from error


def rate_of(target: str, rates: Mapping[str, Rate]) -> Rate:
    """Give a target's prices; one that is on no card is free."""
    return rates.get(target, _FREE)
