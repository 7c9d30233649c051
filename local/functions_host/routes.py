"""Route templates of HTTP triggers: ASP.NET syntax, matched in the order of the functions' names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.functions_host.constraints import Constraint, constraint
from local.functions_host.errors import RouteError
from local.functions_host.functions import Function

_RESERVED = ("admin", "runtime")  # functions-host: ScriptHost.ValidateHttpFunction compares prefixes, not segments
_ARGUMENT = r"\((?:[^()]|\([^()]*\))*\)"
_CONSTRAINT = rf":([^:=?(]+)({_ARGUMENT})?"
_PARAMETER = re.compile(rf"(\*{{0,2}})([^:=?*]+)((?:{_CONSTRAINT})*)(?:=(.*?))?(\?)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A `{name}` of a template."""

    name: str
    constraints: tuple[Constraint, ...] = ()
    default: str | None = None
    is_optional: bool = False
    is_catch_all: bool = False

    def accepts(self, value: str) -> bool:
        """Tell whether the value meets every constraint."""
        return all(meets(value) for meets in self.constraints)

    @property
    def may_be_absent(self) -> bool:
        return self.is_optional or self.is_catch_all or self.default is not None


@dataclass(frozen=True, slots=True)
class Segment:
    """Text between slashes: literals and parameters; `pattern` has one group per parameter."""

    parameters: tuple[Parameter, ...]
    pattern: re.Pattern[str]
    is_lone_parameter: bool


class Template:
    """A parsed route template.

    Raises:
        RouteError: the template is malformed, at construction.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._segments = [_segment(part, text) for part in _split(text)] if text else []
        self._check()

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route values of a path (percent-encoded, starting with a slash), or None when it does not fit."""
        values: dict[str, str] = {}
        parts = _path_parts(path)
        for position, segment in enumerate(self._segments):
            if segment.is_lone_parameter and segment.parameters[0].is_catch_all:
                return _take(segment, "/".join(path.lstrip("/").split("/")[position:]), values)
            if not self._take_at(segment, parts, position, values):
                return None
        return values if len(parts) <= len(self._segments) else None

    def _take_at(self, segment: Segment, parts: list[str], position: int, values: dict[str, str]) -> bool:
        part = parts[position] if position < len(parts) else ""
        if not part and not segment.is_lone_parameter:
            return False
        return _take(segment, part, values) is not None

    def _check(self) -> None:
        names = [parameter.name.lower() for segment in self._segments for parameter in segment.parameters]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise RouteError(f"route '{self.text}': parameter {twice.pop()!r} appears twice.")
        for segment in self._segments[:-1]:
            if segment.parameters and (segment.parameters[0].is_catch_all or segment.parameters[0].is_optional):
                raise RouteError(f"route '{self.text}': only the last segment may be optional or catch-all.")


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP function with its template under the route prefix."""

    function: Function
    template: Template
    own: str  # the template without the prefix
    methods: frozenset[str]  # empty for all


class RouteTable:
    """The routes of an app.

    Raises:
        RouteError: a template is malformed or reserved, or two functions claim one route and method.
    """

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        self._routes: list[Route] = []
        for function in functions:
            if function.trigger.type == "httpTrigger":
                self._routes.append(self._route(function, prefix))

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def match(self, method: str, path: str) -> tuple[Function, Mapping[str, str]] | None:
        """Find the first function whose method and template fit: there is no ranking by specificity, and no 405."""
        for route in self._routes:
            if route.methods and method not in route.methods:
                continue
            values = route.template.match(path)
            if values is not None:
                return route.function, values
        return None

    def _route(self, function: Function, prefix: str) -> Route:
        own = own_route(function)
        if own.lower().startswith(_RESERVED):
            raise RouteError(
                f"function '{function.name}': route '{own}' begins with admin or runtime, which the host keeps."
            )
        for other in self._routes:
            if _conflict(own, function, other):
                raise RouteError(
                    f"function '{function.name}': route '{own}' is taken by function '{other.function.name}' with a "
                    "method of the same name."
                )
        try:
            return Route(function, Template("/".join(part for part in (prefix, own) if part)), own, function.methods)
        except RouteError as error:
            raise RouteError(f"function '{function.name}': {error}") from None


def own_route(function: Function) -> str:
    """The route of a function without the prefix: its name unless it states one, "/" for the root of the prefix."""
    stated = str(function.trigger.properties.get("route") or "")
    return stated.strip("/") if stated.strip() else function.name


def _conflict(own: str, function: Function, other: Route) -> bool:
    if own.lower() != other.own.lower():
        return False
    return not function.methods or not other.methods or bool(function.methods & other.methods)


def _path_parts(path: str) -> list[str]:
    # ASP.NET PathTokenizer: one slash at the end makes no segment, two inside make an empty one.
    trimmed = path.removeprefix("/").removesuffix("/")
    return trimmed.split("/") if path.strip("/") else []


def _take(segment: Segment, part: str, values: dict[str, str]) -> dict[str, str] | None:
    if segment.is_lone_parameter:
        return _take_lone(segment.parameters[0], decoded(part), values)
    found = segment.pattern.fullmatch(decoded(part))
    if not found:
        return None
    for parameter, value in zip(segment.parameters, found.groups(), strict=True):
        if not parameter.accepts(value):
            return None
        values[parameter.name] = value
    return values


def _take_lone(parameter: Parameter, part: str, values: dict[str, str]) -> dict[str, str] | None:
    value = part or parameter.default
    if value is None:
        return values if parameter.may_be_absent else None
    if not parameter.accepts(value):
        return None
    values[parameter.name] = value
    return values


def decoded(part: str) -> str:
    """Percent-decode as ASP.NET does: an encoded slash stays encoded."""
    return "%2F".join(unquote(piece) for piece in re.split("%2[fF]", part))


def _split(text: str) -> list[str]:
    """Cut at the slashes outside of braces."""
    parts, depth = [""], 0
    for character in text.replace("{{", "\0").replace("}}", "\1"):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth not in (0, 1):
            raise RouteError(f"route '{text}': braces do not match.")
        if character == "/" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise RouteError(f"route '{text}': braces do not match.")
    if any(not part for part in parts):
        raise RouteError(f"route '{text}': there is an empty segment.")
    return parts


def _segment(part: str, text: str) -> Segment:
    pieces = re.split(r"\{([^{}]*)\}", part)  # literal, parameter, literal, ...
    parameters = tuple(_parameter(piece, text) for piece in pieces[1::2])
    is_lone = len(parameters) == 1 and not pieces[0] and not pieces[2]
    if not is_lone and any(parameter.may_be_absent for parameter in parameters):
        raise RouteError(
            f"route '{text}': a parameter that shares its segment must be present; this host has it no other way."
        )
    if any(not middle for middle in pieces[2:-1:2]):
        raise RouteError(f"route '{text}': two parameters need a literal between them.")
    # Greedy groups bind from the right, as ASP.NET does: {a}.{b} of x.y.z gives a=x.y.
    pattern = "".join("(.+)" if index % 2 else re.escape(_unescape(piece)) for index, piece in enumerate(pieces))
    return Segment(parameters, re.compile(pattern, re.IGNORECASE | re.DOTALL), is_lone)


def _parameter(piece: str, text: str) -> Parameter:
    match = _PARAMETER.fullmatch(piece)
    if not match:
        raise RouteError(f"route '{text}': '{{{_unescape(piece)}}}' is not a parameter.")
    stars, name, constraints, _, _, default, mark = match.groups()
    if default is not None and mark:
        raise RouteError(f"route '{text}': parameter {name!r} cannot be optional and have a default.")
    if stars and mark:
        raise RouteError(f"route '{text}': catch-all {name!r} is optional already.")
    try:
        checks = tuple(
            constraint(name, _unescape(argument)[1:-1]) for name, argument in re.findall(_CONSTRAINT, constraints)
        )
    except ValueError as error:
        raise RouteError(f"route '{text}': parameter {name!r}: {error}.") from None
    return Parameter(name, checks, default, bool(mark), bool(stars))


def _unescape(text: str | None) -> str:
    return (text or "").replace("\0", "{").replace("\1", "}")
