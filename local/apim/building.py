"""Turns elements into steps: what is not in the table of shapes, or stands where it may not, is refused here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.apim.artifacts import Faults
from local.apim.documents import Element
from local.apim.errors import Place, PolicyRefused
from local.apim.exchange import Run, Step
from local.apim.shapes import POLICIES, Attribute, Child, Policy, Scope, Section, Shape
from local.apim.values import Read, is_expression, read_value

type Build = Callable[[Element, "Builder"], Run]


@dataclass
class Numbering:
    """Counts the policies of a tree; a policy of a fragment has one number, wherever it is included."""

    numbers: dict[Place, int] = field(default_factory=dict)

    def of(self, element: Element) -> int:
        return self.numbers.setdefault(element.place, len(self.numbers))


@dataclass(frozen=True)
class Builder:
    """Builds the steps of one section of one document."""

    build: Mapping[str, Build]
    fragments: Mapping[str, Element]
    backends: frozenset[str]
    tier: str
    numbering: Numbering
    faults: Faults
    scope: Scope
    section: Section
    in_fragment: bool = False
    clock: Callable[[], int] = time.time_ns

    def steps(self, elements: Iterable[Element]) -> list[Step]:
        """Build policies that stand side by side; what is refused is kept in `faults`, and left out."""
        built: list[Step] = []
        for element in elements:
            if element.name == "include-fragment":
                built += self.faults.catch(self._fragment, element) or []
            elif step := self.faults.catch(self._step, element):
                built.append(step)
        return built

    def _step(self, element: Element) -> Step:
        policy = self._policy(element)
        self._check_place(element, policy)
        check_shape(element, policy.shape, named=True)
        number = self.numbering.of(element)
        run = self.build[element.name](element, self)
        name = element.attributes.get("id", "")
        return Step(run, number, element.name, name, self.scope, self.section, element.place)

    def _policy(self, element: Element) -> Policy:
        if element.name not in POLICIES:
            raise PolicyRefused(element.place, "this policy is not run here; local/COVERAGE.md lists those that are")
        return POLICIES[element.name]

    def _check_place(self, element: Element, policy: Policy) -> None:
        if self.section not in policy.sections:
            raise PolicyRefused(element.place, f"may stand in {', '.join(policy.sections)}, not in {self.section}")
        if self.in_fragment and not policy.in_fragments:
            raise PolicyRefused(element.place, "may not stand in a fragment")
        if self.tier not in policy.tiers:
            raise PolicyRefused(element.place, f"the tier {self.tier} does not have this policy")

    def _fragment(self, element: Element) -> list[Step]:
        check_shape(element, POLICIES["include-fragment"].shape)
        if self.in_fragment:
            raise PolicyRefused(element.place, "a fragment includes no fragments")
        name = element.attributes["fragment-id"]
        if name not in self.fragments:
            known = ", ".join(sorted(self.fragments)) or "none"
            raise PolicyRefused(element.place, f"no fragment is called {name!r}; there are {known}")
        self.numbering.of(element)
        steps = replace(self, in_fragment=True).steps(self.fragments[name].children)
        return [_mark(element, self.numbering.of(element), self), *steps]

    def value(self, element: Element, name: str, default: Any = None) -> Read:
        """Make what gives an attribute's value; `default` where it is absent."""
        if name not in element.attributes:
            return lambda _: default
        attribute = _ATTRIBUTES[element.name, name]
        return read_value(element.attributes[name], attribute, element.place.at(name), self.clock)

    def text(self, element: Element) -> Read:
        """Make what gives an element's text."""
        text = element.text if is_expression(element.text) else element.text.strip()
        return read_value(text, Attribute(expression=True), element.place, self.clock)


def _mark(element: Element, number: int, builder: Builder) -> Step:
    def run(_: object) -> None:
        return None

    return Step(run, number, "include-fragment", "", builder.scope, builder.section, element.place)


def _collected() -> dict[tuple[str, str], Attribute]:
    found: dict[tuple[str, str], Attribute] = {}

    def collect(name: str, shape: Shape) -> None:
        found.update({(name, attribute): kind for attribute, kind in shape.attributes.items()})
        for below, child in shape.children.items():
            collect(below, child.shape)

    for name, policy in POLICIES.items():
        collect(name, policy.shape)
    return found


_ATTRIBUTES = _collected()


def check_shape(element: Element, shape: Shape, *, named: bool = False) -> None:
    """Hold an element against its shape, as deep as the shape goes; policies may be `named` by an id, parts may not.

    Raises:
        PolicyRefused: an attribute or child that it does not have, has not, or has too often; text where none may be.
    """
    known = ", ".join(sorted(shape.attributes)) or "none"
    for name in element.attributes:
        if name not in shape.attributes and not (named and name == "id"):
            raise PolicyRefused(element.place.at(name), f"<{element.name}> has no such attribute here; it has {known}")
    for name, attribute in shape.attributes.items():
        if attribute.required and name not in element.attributes:
            raise PolicyRefused(element.place, f"the attribute {name} is missing")
        if name in element.attributes:
            # Compiled again where it is used: here it is only held against its kind.
            read_value(element.attributes[name], attribute, element.place.at(name))
    if shape.text == "none" and element.text.strip():
        raise PolicyRefused(element.place, f"holds no text: {element.text.strip()[:40]!r}")
    if not shape.policies:
        _check_children(element, shape)


def _check_children(element: Element, shape: Shape) -> None:
    for child in element.children:
        if child.name not in shape.children:
            known = ", ".join(shape.children) or "no elements"
            raise PolicyRefused(child.place, f"<{element.name}> holds {known}")
        check_shape(child, shape.children[child.name].shape)
    for name, expected in shape.children.items():
        _check_number(element, name, expected)
    order = list(shape.children)
    placed = [order.index(child.name) for child in element.children]
    if shape.in_order and placed != sorted(placed):
        raise PolicyRefused(element.place, f"its parts have one order: {', '.join(order)}")


def _check_number(element: Element, name: str, expected: Child) -> None:
    found = sum(child.name == name for child in element.children)
    if found < expected.least:
        raise PolicyRefused(element.place, f"a <{name}> is missing")
    if expected.most is not None and found > expected.most:
        raise PolicyRefused(element.place, f"holds one <{name}>, and there are {found}")
