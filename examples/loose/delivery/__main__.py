"""Plan today's deliveries for two vans, with a quantum computer where one can be had.

Reads QUANTUM_JOBS_URL and QUANTUM_JOBS_TOKEN. With no account and nothing installed: `make delivery`.
"""

import argparse
import os
import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import httpx

from .orders import OrdersFault, read_orders
from .picture import plan_picture
from .plan import plan_text
from .planner import SHOTS, Plan, Planner, Wish
from .routes import Routes
from .service import JobService, Refused


def say(what: str, text: str) -> None:
    print(f"{what:<9} {text}", flush=True)


def main() -> None:
    chosen = _arguments()
    try:
        routes = Routes(read_orders(chosen.orders), chosen.van_kg)
        say("orders", f"{len(routes.orders)} from {chosen.orders.name}, two vans of {chosen.van_kg:g} kg")
        plan = _plan(routes, chosen)
        _compare(routes, plan)
        _write(routes, plan, chosen.to)
    except (OrdersFault, Refused, OSError) as error:
        sys.exit(f"No plan: {error}")
    except KeyboardInterrupt:
        print("Stopped. A submitted job goes on; the same orders find it again.", file=sys.stderr)
        sys.exit(130)


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        prog="python -m examples.loose.delivery",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = Path(__file__).parent / "orders.csv"
    words.add_argument("orders", nargs="?", type=Path, default=here, help="CSV file (default: the one beside)")
    words.add_argument("--van-kg", type=float, default=90.0, help="what a van carries (default: %(default)g)")
    words.add_argument("--target", default="rigetti.sim.qvm", help="where to run (default: %(default)s)")
    words.add_argument("--max-cost", type=_money, default=_money("0"), help="in USD, for the day (default: 0)")
    words.add_argument("--seed", type=int, help="repeats a simulation, shot by shot")
    words.add_argument("--patience", type=float, default=120.0, help="seconds to wait for it (default: %(default)g)")
    words.add_argument("--to", type=Path, default=Path(), help="folder of plan.txt and plan.svg (default: here)")
    return words.parse_args()


def _money(words: str) -> Decimal:
    try:
        amount = Decimal(words)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{words!r} is not an amount of money") from None
    if not (amount.is_finite() and 0 <= amount <= 10_000):
        raise argparse.ArgumentTypeError(f"{words} is not between 0 and 10000")
    return amount


def _plan(routes: Routes, chosen: argparse.Namespace) -> Plan:
    url, token = os.environ.get("QUANTUM_JOBS_URL"), os.environ.get("QUANTUM_JOBS_TOKEN")
    if not (url and token):
        raise Refused("set QUANTUM_JOBS_URL and QUANTUM_JOBS_TOKEN, or let `make delivery` start a local cloud")
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False) as http:
        wish = Wish(chosen.target, chosen.max_cost, chosen.seed)
        return Planner(routes, JobService(http, chosen.patience), wish, say).plan()


def _compare(routes: Routes, plan: Plan) -> None:
    """Hold the plan against the truth, which so few orders let one know, and against guessing."""
    splits = len(routes.splits())
    luck = 1 - (1 - 1 / splits) ** SHOTS
    say("truth", f"{routes.km(routes.best()):.1f} km is the shortest of all {splits:,} splits")
    if plan.why_not_quantum is None:
        say("", f"({SHOTS} blind guesses find it with a chance of {luck:.0%})")


def _write(routes: Routes, plan: Plan, folder: Path) -> None:
    title = f"Deliveries of {date.today():%Y-%m-%d}"
    if plan.why_not_quantum is not None:
        print(f"\nNOT FROM THE QUANTUM SERVICE: {plan.why_not_quantum}.\nPlanned by {plan.found_by} instead.")
    text = plan_text(f"{title}, found by {plan.found_by}", routes, plan.split)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.txt").write_text(text, "utf-8")
    (folder / "plan.svg").write_text(plan_picture(title, routes, plan.split), "utf-8")
    print(f"\n{text}\nWritten: {folder / 'plan.txt'}, {folder / 'plan.svg'}")


if __name__ == "__main__":
    main()
