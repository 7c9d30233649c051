"""Expressions that are compared with Mono: what policies do, every member of the tables, and what is at the edge.

`cases/*.txt` hold one expression a line; `$N` and its like stand for variables of the contexts.
"""

from pathlib import Path

from .compiler import Case

FOLDER = Path(__file__).parent / "cases"
STANDS_FOR = {
    "$T": '((string)context.Variables["text"])',
    "$S": '((string)context.Variables["digits"])',
    "$N": '((int)context.Variables["int"])',
    "$O": '((int)context.Variables["other"])',
    "$L": '((long)context.Variables["long"])',
    "$D": '((double)context.Variables["double"])',
    "$A": '((string[])context.Variables["list"])',
    "$B": "context.Request.Body.As<JObject>(preserveContent: true)",
}


def lines(name: str) -> list[str]:
    """Give the lines of a file of cases with what `$N` and its like stand for."""
    text = (FOLDER / f"{name}.txt").read_text()
    for short, expression in STANDS_FOR.items():
        text = text.replace(short, expression)
    return text.splitlines()


def arithmetic() -> list[str]:
    """Give every operator between numbers of every type."""
    signs = ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=")
    pairs = (
        "$N $ $O",
        "$L $ $O",
        "$N $ 7",
        "-7 $ $O",
        "$L $ $L",
        "$D $ $O",
        "$L $ $D",
        "$D $ 0.0",
        "0.0 $ $D",
        "$D $ $D",
    )
    made = [pair.replace(" $ ", f" {sign} ") for pair in pairs for sign in signs]
    made += [pair.replace(" $ ", f" {sign} ") for pair in pairs[:5] for sign in ("&", "|", "^")]
    for short, expression in STANDS_FOR.items():
        made = [one.replace(short, expression) for one in made]
    return made


NAMES = ("context", "numbers", "texts", "json", "sequences", "times")
WANTED = [
    Case("@(context.Response?.StatusCode ?? 0)", "long"),
    Case("@(1)", "long"),
    Case('@((string)context.Variables["text"])', "string"),
    Case("@(context.Response.StatusCode >= 500)", "bool"),
    Case("@{ return 5; }", "long"),
    Case("@{ return null; }", "string"),
]
ACCEPTED = [
    *(Case(f"@({one})") for name in NAMES for one in lines(name)),
    *(Case(f"@({one})") for one in arithmetic()),
    *map(Case, lines("statements")),
    *WANTED,
]


def _wrong(line: str) -> Case:
    wanted, _, text = line.partition(": ")
    return Case(text, wanted)


WRONG = [_wrong(line) for line in lines("wrong")]
"""What is not C#: the wanted type, then the expression."""
