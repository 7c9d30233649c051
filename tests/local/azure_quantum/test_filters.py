"""The filter language: what the package writes is read, all else is refused, nothing slips in through a name."""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.azure_quantum.errors import Refused
from local.azure_quantum.filters import clauses
from local.azure_quantum.items import Items
from local.azure_quantum.times import PER_SECOND, text


@dataclass(eq=False)
class Item:
    name: str = "bell"
    item_type: str = "Job"
    job_type: str = "QuantumComputing"
    provider_id: str = "ionq"
    target: str = "ionq.simulator"
    state: str = "Succeeded"
    created: int = 0
    session_key: str | None = None
    position: int = 0

    def record(self) -> str:
        return ""


def matching(expression: str, items: Sequence[Item]) -> list[bool]:
    """Tell of each item whether the filter finds it among all."""
    with closing(Items()) as table:
        for item in items:
            table.add(item)
        found = table.select(clauses(expression), "creationtime", newest_first=False, skip=0, top=len(items))
    return [item in found for item in items]


def matches(expression: str, item: Item) -> bool:
    return matching(expression, [item])[0]


def ticks(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()) * PER_SECOND


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@given(st.lists(NAMES, min_size=1, max_size=8), NAMES)
def test_startswith_takes_any_text_and_matches_that_prefix_only(names: list[str], prefix: str) -> None:
    names = [*names, prefix, f"{prefix}x", f"x{prefix}"]
    found = matching(f"startswith(Name, {quoted(prefix)})", [Item(name=name) for name in names])
    assert found == [name.startswith(prefix) for name in names]


STATES, PROVIDERS = ["Waiting", "Succeeded", "Failed"], ["ionq", "quantinuum"]


@given(st.lists(st.sampled_from(STATES), min_size=1), st.lists(st.sampled_from(PROVIDERS), min_size=1), NAMES)
def test_clauses_hold_together_and_alternatives_apart(states: list[str], providers: list[str], prefix: str) -> None:
    parts = [
        f"startswith(Name, {quoted(prefix)})",
        f"({' or '.join(f'State eq {quoted(state)}' for state in states)})",
        f"({' or '.join(f'ProviderId eq {quoted(provider)}' for provider in providers)})",
    ]
    items = [
        Item(name=name, state=state, provider_id=provider)
        for state, provider, name in product(STATES, PROVIDERS, ["", prefix, f"{prefix}x", "other"])
    ]
    expected = [
        item.state in states and item.provider_id in providers and item.name.startswith(prefix) for item in items
    ]
    assert matching(" and ".join(parts), items) == expected


@given(st.dates(datetime(2000, 1, 1).date(), datetime(2100, 1, 1).date()), st.dates(datetime(2000, 1, 1).date()))
def test_days_are_whole_and_both_ends_count(created: object, day: object) -> None:
    item = Item(created=ticks(str(created)))
    assert matches(f"CreationTime ge {day}", item) == (str(created) >= str(day))
    assert matches(f"CreationTime le {day}", item) == (str(created) <= str(day))


def test_every_property_of_the_package_can_be_asked_for() -> None:
    filters = {
        "ItemType eq 'Job'": "ItemType eq 'Session'",
        "JobType eq 'QuantumComputing'": "JobType eq 'Unknown'",
        "ProviderId eq 'IonQ'": "ProviderId eq 'rigetti'",
        "Target eq 'ionq.simulator'": "Target eq 'ionq'",
        "State eq 'Succeeded'": "State eq 'Success'",
        "(ItemType eq 'Job' or ItemType eq 'Session')": "(ItemType eq 'Session')",
        "CreationTime ge 1970-01-01": "CreationTime ge 1970-01-02",
    }
    for right, wrong in filters.items():
        assert matches(right, Item())
        assert not matches(wrong, Item())


@pytest.mark.parametrize(
    "expression",
    [
        "CreationTime ge 2026-11-13CreationTime le 2026-11-23",
        "startswith(Name, 'a'b')",
        "startswith(Name, 'a') or startswith(Name, 'b')",
        "startswith(Target, 'a')",
        "startswith(Name, 'a') and",
        "Name eq 'a'",
        "Metadata eq 'a'",
        "State eq Succeeded",
        "State ne 'Failed'",
        "CreationTime ge '2026-11-13'",
        "CreationTime eq 2026-11-13",
        "CreationTime ge 2026-13-01",
        f"({' or '.join(['Target eq 1'] * 200)})".replace("1", "'t'"),
        "(State eq 'Failed'",
        "State eq 'Failed')",
        "(State eq 'Failed' and State eq 'Failed')",
        "State eq 'Failed",
        "' or 1 eq 1",
        "1",
        "()",
    ],
)
def test_what_is_not_of_the_language_is_refused(expression: str) -> None:
    with pytest.raises(Refused) as caught:
        clauses(expression)
    assert (caught.value.status, caught.value.code) == (400, "InvalidQuery")


@given(st.text(max_size=40))
def test_any_text_is_either_read_or_refused(expression: str) -> None:
    with suppress(Refused):
        matches(expression, Item())


@given(st.integers(0, 4_000_000_000 * PER_SECOND))
def test_times_have_seven_digits_and_keep_their_order_and_day(moment: int) -> None:
    shown = text(moment)
    assert shown is not None
    assert len(shown) == len("2025-10-09T00:11:19.3872984+00:00")
    assert shown[:10] == f"{datetime.fromtimestamp(moment // PER_SECOND, UTC):%Y-%m-%d}"
    assert int(shown[20:27]) == moment % PER_SECOND
