"""Whether a value of one kind may stand where another is wanted."""

import re
from difflib import get_close_matches

from tools.bicep.kinds import (
    Anything,
    Choice,
    Kind,
    Nothing,
    Number,
    Sequence,
    Text,
    Thing,
    Truth,
    Variants,
    options,
    words,
)


def misfit(given: Kind, wanted: Kind) -> str | None:
    """Say why `given` may not stand where `wanted` is; None where it may."""
    if isinstance(given, Anything) or isinstance(wanted, Anything):
        return None
    if isinstance(given, Choice):
        return next((reason for option in options(given) if (reason := misfit(option, wanted))), None)
    if isinstance(wanted, Choice):
        return _choice_misfit(given, wanted)
    return _single_misfit(given, wanted)


def _choice_misfit(given: Kind, wanted: Choice) -> str | None:
    named = words(wanted)
    if named and isinstance(given, Text) and given.value is not None and given.value not in named:
        near = get_close_matches(given.value, named, 1, 0.5)
        said = f"did you mean '{near[0]}'" if near else "it can be " + ", ".join(f"'{word}'" for word in named[:8])
        return f"'{given.value}' is none of the known values: {said}"
    if any(misfit(given, option) is None for option in options(wanted)):
        return None
    return f"{given.shown()} is given, {wanted.shown()[:120]} is wanted"


def _single_misfit(given: Kind, wanted: Kind) -> str | None:
    if isinstance(given, Text) and isinstance(wanted, Text):
        return _text_misfit(given, wanted)
    if isinstance(given, Number) and isinstance(wanted, Number):
        return _number_misfit(given, wanted)
    if isinstance(given, Sequence) and isinstance(wanted, Sequence):
        return misfit(given.item, wanted.item)
    if isinstance(given, Thing | Variants) and isinstance(wanted, Thing | Variants):
        return _thing_misfit(given, wanted)
    if isinstance(given, Truth | Nothing) and type(given) is type(wanted):
        return None
    return f"{given.shown()} is given, {wanted.shown()} is wanted"


def _text_misfit(given: Text, wanted: Text) -> str | None:
    if given.value is None:
        return None if wanted.value is None else f"string is given, {wanted.shown()} is wanted"
    if wanted.value is not None:
        return None if wanted.value == given.value else f"'{given.value}' is given, '{wanted.value}' is wanted"
    if wanted.pattern and not re.search(wanted.pattern, given.value):
        return f"'{given.value}' does not match {wanted.pattern}"
    return length_misfit(len(given.value), wanted.shortest, wanted.longest, "characters")


def length_misfit(length: int, shortest: int | None, longest: int | None, of: str) -> str | None:
    if shortest is not None and length < shortest:
        return f"{length} {of} are fewer than {shortest}"
    if longest is not None and length > longest:
        return f"{length} {of} are more than {longest}"
    return None


def _number_misfit(given: Number, wanted: Number) -> str | None:
    if given.value is None:
        return None if wanted.value is None else f"int is given, {wanted.value} is wanted"
    if wanted.value is not None and wanted.value != given.value:
        return f"{given.value} is given, {wanted.value} is wanted"
    if wanted.least is not None and given.value < wanted.least:
        return f"{given.value} is less than {wanted.least}"
    if wanted.most is not None and given.value > wanted.most:
        return f"{given.value} is more than {wanted.most}"
    return None


def _thing_misfit(given: Thing | Variants, wanted: Thing | Variants) -> str | None:
    """Members that the given one has for sure; what it may have besides is not known."""
    if given is wanted or isinstance(given, Variants) or isinstance(wanted, Variants):
        return None
    for name, member in wanted.members.items():
        if member.required and not member.read_only and name not in given.members and given.others is None:
            return f"an object without '{name}' is given"
    for name, member in given.members.items():
        if name in wanted.members and (reason := misfit(member.kind, wanted.members[name].kind)):
            return f"'{name}': {reason}"
        if name not in wanted.members and wanted.others is None:
            return f"{wanted.name} has no '{name}'"
    if given.others is not None and wanted.others is not None and (reason := misfit(given.others, wanted.others)):
        return f"its members: {reason}"
    return None
