"""Holds the gateway's evaluator against Mono: same cases, same contexts, same values and exceptions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.apim.csharp import Expression, compile_expression
from local.apim.errors import ExpressionFailed, Place, PolicyRefused

from .compiler import Case, Value, compile_cases, run_cases
from .contexts import context_of, descriptions, shown


@dataclass(frozen=True)
class Verdict:
    """What one side says of a case: why it is refused, or None."""

    case: Case
    ours: str | None
    theirs: str | None


def compiled(case: Case) -> Expression | str:
    """Give the expression, or the reason why the gateway refuses it."""
    try:
        return compile_expression(case.text, case.wanted, Place(Path("case.xml"), 1))
    except PolicyRefused as refused:
        return refused.reason


def verdicts(cases: list[Case], folder: Path) -> list[Verdict]:
    """Tell of each case whether either side refuses it."""
    theirs = compile_cases(cases, folder)
    return [
        Verdict(case, made if isinstance(made := compiled(case), str) else None, theirs.get(number))
        for number, case in enumerate(cases)
    ]


def _value(expression: Expression, case: Case, told: dict[str, object]) -> Value:
    try:
        return shown(expression(context_of(told)), case.wanted)
    except ExpressionFailed as failed:
        return "throws", str(failed).partition(":")[0]


def differences(cases: list[Case], folder: Path, forgiven: Callable[[Case, Value, Value], bool]) -> list[str]:
    """Run cases that both sides take; tell every one whose value or exception differs."""
    contexts = descriptions()
    theirs = run_cases(contexts, folder)
    found = []
    for (number, context), expected in theirs.items():
        case = cases[number]
        expression = compiled(case)
        assert isinstance(expression, Expression), f"{case.text}: {expression}"
        value = _value(expression, case, contexts[context])
        if value != expected and not forgiven(case, value, expected):
            found.append(f"{case.text} in context {context}: {value}, and {expected} by Mono")
    return found
