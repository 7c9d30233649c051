"""Today's orders, from a file that any shop can export."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("order", "customer", "street", "east_km", "north_km", "kg")
FEWEST, MOST = 3, 14
FARTHEST_KM = 100.0


class OrdersFault(Exception):
    """The file cannot be planned with; the text names the line and what to change."""


@dataclass(frozen=True)
class Order:
    """One parcel and its door; kilometres east and north of the depot."""

    number: str
    customer: str
    street: str
    east: float
    north: float
    kg: float


def read_orders(path: Path) -> list[Order]:
    """Read a CSV file with the columns of `COLUMNS`, in any order.

    Raises:
        OrdersFault: what is wrong, and in which line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            orders = _orders(csv.DictReader(file), path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OrdersFault(f"{path} cannot be read: {error}") from error
    if not FEWEST <= len(orders) <= MOST:
        raise OrdersFault(f"{path} has {len(orders)} orders; this planner takes {FEWEST} to {MOST}")
    return orders


def _orders(rows: "csv.DictReader[str]", path: Path) -> list[Order]:
    missing = set(COLUMNS) - set(rows.fieldnames or ())
    if missing:
        raise OrdersFault(f"{path} line 1: no column {', '.join(sorted(missing))}; needed are {', '.join(COLUMNS)}")
    orders: dict[str, Order] = {}
    for row in rows:
        try:
            order = _order(row)
        except ValueError as error:
            raise OrdersFault(f"{path} line {rows.line_num}: {error}") from error
        if order.number in orders:
            raise OrdersFault(f"{path} line {rows.line_num}: order {order.number} is there twice")
        orders[order.number] = order
    return list(orders.values())


def _order(row: dict[str | None, str | None]) -> Order:
    if None in row:
        raise ValueError("more values than columns")
    words = {name: (row[name] or "").strip() for name in COLUMNS}
    empty = [name for name, word in words.items() if not word]
    if empty:
        raise ValueError(f"{empty[0]} is empty")
    east, north = (_number(words, name, -FARTHEST_KM, FARTHEST_KM) for name in ("east_km", "north_km"))
    return Order(words["order"], words["customer"], words["street"], east, north, _number(words, "kg", 0.001, 1e6))


def _number(words: dict[str, str], name: str, least: float, most: float) -> float:
    try:
        value = float(words[name])
    except ValueError:
        raise ValueError(f"{name} is {words[name]!r}, which is not a number") from None
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{name} is {words[name]}; it must lie between {least:g} and {most:g}")
    return value
