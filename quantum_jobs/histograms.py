"""Result documents of the workspace become counts, in one stated bit order.

A key of `counts` reads like a number: the last declared register first, registers apart by a space, and within a
register its highest bit first, `c[n-1]..c[0]`. `x q[0]; c = measure q;` on two qubits gives `01`.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantum_jobs.errors import ResultUnreadable
from quantum_jobs.models import Job, Register

BIT_ORDER = "last register first; within a register c[n-1]..c[0]"


@dataclass(frozen=True)
class Histogram:
    """How often each outcome came; `failed_shots` came to nothing and are in no count."""

    counts: Mapping[str, int]
    failed_shots: int = 0

    @property
    def shots(self) -> int:
        return sum(self.counts.values())

    @property
    def probabilities(self) -> dict[str, float]:
        """Shares of the counted shots, together 1; empty when nothing was counted."""
        return {outcome: count / self.shots for outcome, count in self.counts.items()} if self.shots else {}


def read_results(document: bytes, registers: Sequence[Register], items: int = 1) -> list[Histogram]:
    """Read `microsoft.quantum-results.v2`: a histogram for each item, in order.

    Outcomes are nested lists, tuples (`{"Item1": ...}`) and bits in the order in which the program records them, which
    for our QIR is register after register, bit 0 first. A lost qubit stays visible as `-`.

    Raises:
        ResultUnreadable: another format, not so many items, or outcomes that do not have the program's bits.

    Source: azure-quantum 3.13, `Job.get_results_histogram`; recordings of the service.
    """
    try:
        members = json.loads(document)
        if members.get("DataFormat") != "microsoft.quantum-results.v2":
            raise ResultUnreadable(f"The result's DataFormat is {members.get('DataFormat')!r}.")
        if len(members["Results"]) != items:
            raise ResultUnreadable(f"The result has {len(members['Results'])} items; the job has {items}.")
        return [_histogram(item["Histogram"], registers) for item in members["Results"]]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ResultUnreadable(f"The result document cannot be read: {error!r}.") from error


def _histogram(entries: Sequence[Mapping[str, Any]], registers: Sequence[Register]) -> Histogram:
    counts: Counter[str] = Counter()
    failed = 0
    for entry in entries:
        if isinstance(entry["Outcome"], dict) and "Error" in entry["Outcome"]:
            failed += int(entry["Count"])
        else:
            counts[outcome_key("".join(_bits(entry["Outcome"])), registers)] += int(entry["Count"])
    return Histogram(dict(sorted(counts.items())), failed)


def _bits(outcome: Any) -> Iterator[str]:
    """Flatten an outcome: 2 and "-" both say that the qubit was lost."""
    if isinstance(outcome, dict):
        for number in range(1, len(outcome) + 1):
            yield from _bits(outcome[f"Item{number}"])
    elif isinstance(outcome, list):
        for item in outcome:
            yield from _bits(item)
    elif outcome in (2, "-"):
        yield "-"
    elif outcome in (0, 1):
        yield str(int(outcome))
    else:
        raise ValueError(f"{outcome!r} is no bit")


def outcome_key(bits: str, registers: Sequence[Register]) -> str:
    """Turn recorded bits (register after register, bit 0 first) into a key of `counts`.

    Raises:
        ValueError: not as many bits as the registers hold.
    """
    if len(bits) != sum(register.size for register in registers):
        raise ValueError(f"{len(bits)} bits for registers {[(item.name, item.size) for item in registers]}")
    parts, start = [], 0
    for register in registers:
        parts.append(bits[start : start + register.size][::-1])
        start += register.size
    return " ".join(reversed(parts))


def result_document(
    job: Job,
    histograms: Sequence[Histogram],
    parameter_sets: Sequence[Mapping[str, float]],
    raw: bytes,
    completed_at: str | None,
) -> bytes:
    """Write the normalised result: the same bytes for the same run, whoever captures it."""
    members = {
        "jobId": job.id,
        "target": job.target,
        "shots": job.shots,
        "bitOrder": BIT_ORDER,
        "registers": [{"name": register.name, "size": register.size} for register in job.registers],
        "items": [
            {
                "index": place,
                "parameters": dict(parameters),
                "counts": histogram.counts,
                "probabilities": histogram.probabilities,
                "successfulShots": histogram.shots,
                "failedShots": histogram.failed_shots,
            }
            for place, (histogram, parameters) in enumerate(zip(histograms, parameter_sets or [{}], strict=True))
        ],
        "sha256": hashlib.sha256(raw).hexdigest(),
        "completedAt": completed_at,
        "reusedFrom": None,
    }
    return json.dumps(members, separators=(",", ":")).encode()


def reused_document(document: bytes, job: Job) -> bytes:
    """Write another job's result as that of a job that reuses it."""
    return json.dumps(
        {**json.loads(document), "jobId": job.id, "reusedFrom": job.reused_from}, separators=(",", ":")
    ).encode()


def csv_lines(document: bytes) -> bytes:
    """Write a result as CSV: a line for each outcome of each item, `index,bitstring,count,probability`.

    Parameters of a sweep follow as columns of their own, in the order of the first item. Lines end in CR LF (RFC 4180).
    """
    items = json.loads(document)["items"]
    names = list(items[0]["parameters"])
    lines = [",".join(["index", "bitstring", "count", "probability", *names])]
    for item in items:
        values = [repr(item["parameters"][name]) for name in names]
        for outcome, count in item["counts"].items():
            share = repr(item["probabilities"][outcome])
            lines.append(",".join([str(item["index"]), outcome, str(count), share, *values]))
    return "".join(f"{line}\r\n" for line in lines).encode()
