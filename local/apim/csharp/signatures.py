"""The table of members that expressions may use, declared as C# declares them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from local.apim.csharp.code import Run
from local.apim.csharp.types import Type, parse_type

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Parameter:
    """`many` is C#'s `params`, `out` its `out`; `default` is REQUIRED where there is none."""

    type: Type
    name: str
    default: Any = REQUIRED
    many: bool = False
    out: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A method, constructor or indexer.

    `run` takes the receiver, when there is one, and the arguments in order, and gives the value; with an `out`
    parameter the value and what goes out. With `typed` it takes the bound type variables and gives that, with
    `literal` the arguments, which must be constants; either may raise ValueError for what is not run here.
    """

    owner: Type
    name: str
    parameters: tuple[Parameter, ...]
    returns: Type
    run: Callable[..., Any]
    variables: tuple[str, ...] = ()
    extension: bool = False
    typed: bool = False
    literal: bool = False
    signature: str = ""

    @property
    def has_out(self) -> bool:
        return any(parameter.out for parameter in self.parameters)


@dataclass(frozen=True, slots=True)
class Property:
    type: Type
    run: Callable[[Any], Any]
    assign: Callable[[Any, Any], None] | None = None


@dataclass(slots=True)
class Members:
    """What one type has; `template` is the type with its variables, as `IEnumerable<T>`."""

    template: Type
    methods: dict[str, list[Method]] = field(default_factory=dict)
    statics: dict[str, list[Method]] = field(default_factory=dict)
    properties: dict[str, Property] = field(default_factory=dict)
    static_properties: dict[str, tuple[Type, Run, bool]] = field(default_factory=dict)
    indexers: list[Method] = field(default_factory=list)
    setters: list[Method] = field(default_factory=list)
    constructors: list[Method] = field(default_factory=list)

    def method(
        self,
        signature: str,
        run: Callable[..., Any],
        *,
        extension: bool = False,
        typed: bool = False,
        literal: bool = False,
    ) -> None:
        """Declare an instance method: `bool StartsWith(string value)`; an `extension` takes null as its receiver."""
        made = replace(read_signature(self.template, signature, run), extension=extension, typed=typed, literal=literal)
        self.methods.setdefault(made.name, []).append(made)

    def static(self, signature: str, run: Callable[..., Any], *, typed: bool = False) -> None:
        made = replace(read_signature(self.template, signature, run), typed=typed)
        self.statics.setdefault(made.name, []).append(made)

    def property(
        self, declaration: str, run: Callable[[Any], Any], assign: Callable[[Any, Any], None] | None = None
    ) -> None:
        """Declare a property: `int Length`."""
        type_, _, name = declaration.rpartition(" ")
        self.properties[name] = Property(parse_type(type_), run, assign)

    def constant(self, declaration: str, value: Any) -> None:
        type_, _, name = declaration.rpartition(" ")
        self.static_properties[name] = (parse_type(type_), lambda frame: value, True)

    def changing(self, declaration: str, run: Run) -> None:
        """Declare a static property whose value is read anew from the frame: `DateTime UtcNow`."""
        type_, _, name = declaration.rpartition(" ")
        self.static_properties[name] = (parse_type(type_), run, False)

    def indexer(
        self, signature: str, run: Callable[..., Any], assign: Callable[..., Any] | None = None, assigned: str = ""
    ) -> None:
        """Declare an indexer: `JToken this(string name)`; `assigned` is the type that its setter takes."""
        self.indexers.append(read_signature(self.template, signature, run))
        if assign:
            head, _, parameters = signature.rstrip(")").partition("(")
            value = assigned or head.rpartition(" ")[0]
            self.setters.append(read_signature(self.template, f"void this({parameters}, {value} value)", assign))

    def constructor(self, parameters: str, run: Callable[..., Any], *, typed: bool = False) -> None:
        made = read_signature(self.template, f"{self.template} new({parameters})", run)
        self.constructors.append(replace(made, typed=typed))


MEMBERS: dict[str, Members] = {}


def members_of(template: str) -> Members:
    """Give the members of a type to declare; `template` as `IEnumerable<T>`."""
    type_ = parse_type(template)
    return MEMBERS.setdefault(type_.name, Members(type_))


_SIGNATURE = re.compile(r"(?P<returns>.+) (?P<name>\w+)(?:<(?P<variables>\w+)>)?\((?P<parameters>.*)\)")
_PARAMETER = re.compile(r"(?P<how>params |out )?(?P<type>.+?) (?P<name>\w+)(?: = (?P<default>\S+))?")
_DEFAULTS = {"true": True, "false": False, "null": None}


def read_signature(owner: Type, signature: str, run: Callable[..., Any]) -> Method:
    found = _SIGNATURE.fullmatch(signature)
    if found is None:
        raise ValueError(f"not a signature: {signature}")
    return Method(
        owner,
        found["name"],
        tuple(map(_parameter, _split(found["parameters"]))),
        parse_type(found["returns"]),
        run,
        (found["variables"],) if found["variables"] else (),
        signature=signature,
    )


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no `<>`."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "<") - (sign == ">")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _parameter(text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"not a parameter: {text}")
    default = found["default"]
    value = REQUIRED if default is None else _DEFAULTS[default] if default in _DEFAULTS else int(default)
    how = (found["how"] or "").strip()
    return Parameter(parse_type(found["type"]), found["name"], value, many=how == "params", out=how == "out")
