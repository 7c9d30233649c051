"""Conditions on measured bits as trees of tests, and the branches that carry them out."""

from collections.abc import Callable
from dataclasses import dataclass

from quantum_jobs.programs.ir import Bit, If, Operation

Arm = tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """True where the number made of `bits` equals `value`."""

    bits: tuple[Bit, ...]
    value: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes` where `test` holds, else `no`; with how often it places a `then` and an `otherwise` arm."""

    test: "Condition"
    yes: "Condition"
    no: "Condition"
    placed: tuple[int, int]


Condition = bool | Test | Choice
JOINING: dict[str, Callable[[Condition, Condition], Condition]] = {
    "&&": lambda a, b: _choice(a, b, False),
    "||": lambda a, b: _choice(a, True, b),
    "&": lambda a, b: _choice(a, b, False),
    "|": lambda a, b: _choice(a, True, b),
    "^": lambda a, b: _choice(a, negated(b), b),
    "!=": lambda a, b: _choice(a, negated(b), b),
    "==": lambda a, b: _choice(a, b, negated(b)),
}


def placements(condition: Condition) -> tuple[int, int]:
    """Count how often `branched` places the `then` and the `otherwise` arm."""
    match condition:
        case bool():
            return int(condition), int(not condition)
        case Test():
            return 1, 1
    return condition.placed


def branched(condition: Condition, then: Arm, otherwise: Arm) -> Arm:
    """Write a condition as nested branches around its two arms."""
    match condition:
        case bool():
            return then if condition else otherwise
        case Test(bits, value):
            return (If(bits, value, then, otherwise),) if then or otherwise else ()
    return branched(condition.test, branched(condition.yes, then, otherwise), branched(condition.no, then, otherwise))


def _choice(test: Condition, yes: Condition, no: Condition) -> Condition:
    """Decide what is known, and join tests of different bits by "and" into one test of all."""
    if isinstance(test, bool):
        return yes if test else no
    if yes is True and no is False:
        return test
    if isinstance(test, Test) and isinstance(yes, Test) and no is False and not set(test.bits) & set(yes.bits):
        return Test(test.bits + yes.bits, test.value | yes.value << len(test.bits))
    (yes_then, yes_else), (no_then, no_else) = placements(yes), placements(no)
    taken, not_taken = placements(test)
    placed = taken * yes_then + not_taken * no_then, taken * yes_else + not_taken * no_else
    return Choice(test, yes, no, placed)


def negated(condition: Condition) -> Condition:
    if isinstance(condition, Test) and len(condition.bits) == 1:
        return Test(condition.bits, 1 - condition.value)
    return _choice(condition, False, True)
