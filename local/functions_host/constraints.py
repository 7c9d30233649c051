"""Inline route constraints as ASP.NET has them: int, guid, min(1), regex(...) and the others."""

import re
from collections.abc import Callable
from datetime import datetime

Constraint = Callable[[str], bool]

_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_DECIMAL = re.compile(r"\s*[+-]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)[+-]?\s*")
_FLOAT = re.compile(r"\s*[+-]?(?:(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|nan|infinity|∞)\s*", re.IGNORECASE)
_GUID_DIGITS = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_GUID = re.compile(rf"[0-9a-f]{{32}}|{_GUID_DIGITS}|\{{{_GUID_DIGITS}\}}|\({_GUID_DIGITS}\)", re.IGNORECASE)
_DATE_FORMS = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p")


def constraint(name: str, argument: str) -> Constraint:
    """Return the check of `name` or `name(argument)`.

    Raises:
        ValueError: there is no such constraint, or the argument does not suit it.
    """
    name = name.strip().lower()
    if name in _PLAIN:
        if argument:
            raise ValueError(f"constraint {name!r} takes no argument")
        return _PLAIN[name]
    if name == "regex":
        return _regex(argument)
    if name in _NUMERIC:
        return _numeric(name, argument)
    raise ValueError(f"there is no constraint {name!r}; there are {', '.join([*_PLAIN, *_NUMERIC, 'regex'])}")


def _numeric(name: str, argument: str) -> Constraint:
    counts, build = _NUMERIC[name]
    try:
        numbers = [int(number) for number in argument.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in counts:
        raise ValueError(f"constraint {name!r} takes {' or '.join(map(str, counts))} integers, not {argument!r}")
    return build(*numbers)


def _regex(pattern: str) -> Constraint:
    try:
        # .NET writes named groups (?<name>...).
        compiled = re.compile(re.sub(r"\(\?<(?=[a-z_])", "(?P<", pattern, flags=re.IGNORECASE), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"regular expression {pattern!r}: {error}") from None
    return lambda value: compiled.search(value) is not None


def _integer_within(low: int, high: int) -> Constraint:
    return lambda value: bool(_INTEGER.fullmatch(value)) and low <= int(value) <= high


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return any(_reads_as(value.strip(), form) for form in _DATE_FORMS)
    return True


def _reads_as(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


_INT64 = (-(2**63), 2**63 - 1)
_PLAIN: dict[str, Constraint] = {
    "int": _integer_within(-(2**31), 2**31 - 1),
    "long": _integer_within(*_INT64),
    "bool": lambda value: value.strip().lower() in {"true", "false"},
    "guid": lambda value: bool(_GUID.fullmatch(value.strip())),
    "alpha": lambda value: bool(re.fullmatch(r"[a-z]*", value, re.IGNORECASE | re.ASCII)),
    "datetime": _is_date,
    "decimal": lambda value: bool(_DECIMAL.fullmatch(value)),
    "double": lambda value: bool(_FLOAT.fullmatch(value)),
    "float": lambda value: bool(_FLOAT.fullmatch(value)),
    "required": bool,
}
_NUMERIC: dict[str, tuple[tuple[int, ...], Callable[..., Constraint]]] = {
    "min": ((1,), lambda low: _integer_within(low, _INT64[1])),
    "max": ((1,), lambda high: _integer_within(_INT64[0], high)),
    "range": ((2,), _integer_within),
    "length": ((1, 2), lambda low, high=None: lambda value: low <= len(value) <= (low if high is None else high)),
    "minlength": ((1,), lambda low: lambda value: len(value) >= low),
    "maxlength": ((1,), lambda high: lambda value: len(value) <= high),
}
