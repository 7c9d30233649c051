"""What the commands of this folder share: their arguments, their words on the screen, their ends."""

import argparse
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from quantum_jobs import QuantumJobsError
from quantum_jobs.errors import CheckpointMismatch, SettingsMissing

PICTURES = (".png", ".svg", ".pdf")


def say(what: str, text: str) -> None:
    print(f"{what:<9} {text}", flush=True)


def arguments(name: str, about: str, max_cost: str) -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog=f"python -m examples.tight.{name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--target", default="rigetti.sim.qvm", help="where to run (default: %(default)s)")
    words.add_argument("--max-cost", type=_money, default=max_cost, help="of each loop, in USD (default: %(default)s)")
    words.add_argument("--fresh", action="store_true", help="forget what an earlier, interrupted run has done")
    words.add_argument("--to", type=_picture, default=f"{name}.png", help="the picture (default: %(default)s)")
    return words


def run(main: Callable[[Sequence[str] | None], None], given: Sequence[str] | None = None) -> None:
    """Run a command with the arguments given, or the process's own; end with one line that says what is wrong."""
    try:
        main(given)
    except SettingsMissing as error:
        sys.exit(f"{error} `python -m local run -- COMMAND` starts a local cloud and sets them.")
    except CheckpointMismatch as error:
        sys.exit(f"{error} Here: --fresh.")
    except (QuantumJobsError, OSError, ValueError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        sys.exit(130)


def _money(words: str) -> Decimal:
    try:
        amount = Decimal(words)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{words!r} is not an amount of money") from None
    if not (amount.is_finite() and 0 <= amount <= 10_000):
        raise argparse.ArgumentTypeError(f"{words} is not between 0 and 10000")
    return amount


def _picture(words: str) -> Path:
    """Refuse an ending that cannot be drawn before anything is spent."""
    if Path(words).suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"{words!r} does not end in {', '.join(PICTURES)}")
    return Path(words)
