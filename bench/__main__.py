"""`make bench`: measures what the design sets bars for, and prints each beside its bar."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bench import burst, gateway, hybrid, rows, workspace
from bench.clients import BELL, Api, BareSdk, Wire


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    words.add_argument("--jobs", type=int, default=1000, help="jobs of the burst (default: %(default)s)")
    words.add_argument("--rounds", type=int, default=40, help="rounds of the comparison (default: %(default)s)")
    words.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if not chosen.inside:
        # The demo starts a cloud of its own, so it is measured before ours is up.
        show(rows.demo())
        cloud = [sys.executable, "-m", "local", "run", "--no-limits"]
        command = [*cloud, "--", sys.executable, "-m", "bench", "--inside", *sys.argv[1:]]
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606
    inside(chosen.rounds, chosen.jobs)


def inside(rounds: int, jobs: int) -> None:
    """Measure what needs a running cloud."""
    api, direct, sdk, wire = Api(), Api.past_the_gateway(), BareSdk(bell_in_qir()), Wire()
    show(rows.cold_path())
    show(rows.first_response())
    show(rows.latencies(api, direct, sdk, rounds))
    show(rows.round_trips(direct, sdk, wire))
    show(rows.polling(direct, 3.0))
    show(gateway.rows(api, rounds, 3.0))
    show(hybrid.rows(iterations=200))
    show(burst.rows(jobs))
    show(workspace.rows(bell_in_qir(), jobs, rounds))


def bell_in_qir() -> str:
    """The program as the bare SDK gets it: compiled before the clock starts."""
    from quantum_jobs.programs import read_program, write_qir

    return write_qir(read_program("openqasm3", BELL))


def show(measured: Iterator[rows.Row]) -> None:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for row in measured:
        mark = "ok " if row.ok else "OVER"
        if colour:
            mark = f"\033[{32 if row.ok else 31}m{mark}\033[0m"
        print(f"{row.what:<38} {row.ours:>12}   bar {row.bar:<12} {mark} {row.beside}", flush=True)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
