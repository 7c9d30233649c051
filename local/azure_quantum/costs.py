"""What a job costs, by the dimensions that each provider bills."""

from typing import Any

from local.azure_quantum.targets import Price, Target
from local.execution.request import Usage

CENTISECONDS = 100
SECONDS_OF_AN_HOUR = 3600


def quantinuum_credits(usage: Usage) -> float:
    """Give Quantinuum's credits: 5 + shots x (N1 + 10 N2 + 5 Nm) / 5000 (H-series product data sheet)."""
    weight = usage.one_qubit_gates + 10 * usage.two_qubit_gates + 5 * usage.measurements
    return 5 + usage.shots * weight / 5000


def estimate(target: Target, usage: Usage) -> dict[str, Any]:
    """Give costEstimate; an event for each dimension that the target bills, none where it is free."""
    price = target.price
    amounts = _amounts(price, usage, target.execution_seconds)
    events = [
        {
            "dimensionId": dimension,
            "dimensionName": name,
            "measureUnit": unit,
            "amountBilled": amount,
            "amountConsumed": amount,
            "unitPrice": unit_price,
        }
        for dimension, name, unit, unit_price, amount in amounts
        if unit_price
    ]
    total = sum(unit_price * amount for *_, unit_price, amount in amounts)
    return {"currencyCode": price.currency, "events": events, "estimatedTotal": round(total, 6)}


def _amounts(price: Price, usage: Usage, execution_seconds: float) -> list[tuple[str, str, str, float, float]]:
    """Give (dimension, name, unit, unit price, amount) of all dimensions."""
    credits_used = quantinuum_credits(usage)
    centiseconds = round(execution_seconds * CENTISECONDS)
    hours = execution_seconds / SECONDS_OF_AN_HOUR
    one, two = usage.one_qubit_gates * usage.shots, usage.two_qubit_gates * usage.shots
    return [
        ("gs1q", "1Q Gate Shot", "1q gate shot", price.gate_1q_shot, one),
        ("gs2q", "2Q Gate Shot", "2q gate shot", price.gate_2q_shot, two),
        ("hqc", "HQC", "hqc", price.hqc, credits_used),
        ("ehqc", "EHQC", "hqc", price.ehqc, credits_used),
        ("qpu_time_centiseconds", "QPU Time", "centisecond", price.qpu_centisecond, centiseconds),
        ("compute-time-emu", "Emulator Compute Time", "hour", price.emulator_hour, hours),
        ("compute-time-qpu", "QPU Compute Time", "hour", price.qpu_hour, hours),
    ]
