"""The plan as a dispatcher reads it: a page of text."""

from collections.abc import Sequence

from .orders import Order
from .routes import Routes


def plan_text(title: str, routes: Routes, split: int) -> str:
    """Write who drives where, van by van in the order of the stops."""
    lines = [title, f"{len(routes.orders)} orders, {routes.km(split):.1f} km in all"]
    for van, stops in zip("AB", routes.vans(split), strict=True):
        lines += ["", *_van(van, stops, routes, split if van == "B" else routes.other(split))]
    return "\n".join([*lines, ""])


def _van(van: str, stops: Sequence[int], routes: Routes, group: int) -> list[str]:
    if not stops:
        return [f"Van {van}   stays here"]
    head = f"Van {van}   {routes.tour(group):.1f} km, {routes.kg(group):g} of {routes.van_kg:g} kg"
    return [head, *(_stop(number, routes.orders[stop]) for number, stop in enumerate(stops, 1))]


def _stop(number: int, order: Order) -> str:
    return f"{number:>4}  {order.number:<6} {order.customer:<14.14} {order.street:<24.24} {order.kg:>5g} kg"
