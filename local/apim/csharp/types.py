"""The C# types that expressions may name, and which of them stand for which others."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    """A C# type; arrays are `[]` of one argument, nullable values `Nullable` of one."""

    name: str
    args: tuple["Type", ...] = ()

    def __str__(self) -> str:
        if self.name in _DISPLAYED:
            return _DISPLAYED[self.name]
        if self.name in ("[]", "Nullable"):
            return f"{self.args[0]}{'[]' if self.name == '[]' else '?'}"
        return self.name + (f"<{', '.join(map(str, self.args))}>" if self.args else "")


_DISPLAYED = {
    "Variables": "IReadOnlyDictionary<string, object>",
    "TextLists": "IReadOnlyDictionary<string, string[]>",
}

OBJECT, STRING, BOOL, CHAR = Type("object"), Type("string"), Type("bool"), Type("char")
INT, LONG, DOUBLE = Type("int"), Type("long"), Type("double")
DECIMAL = Type("decimal")
"""Known for the calls alone that it makes ambiguous."""
NULL, VOID = Type("null"), Type("void")
GUID, DATE_TIME, DATE_TIME_OFFSET, TIME_SPAN = Type("Guid"), Type("DateTime"), Type("DateTimeOffset"), Type("TimeSpan")
URI, JWT = Type("Uri"), Type("Jwt")
J_TOKEN, J_CONTAINER, J_OBJECT = Type("JToken"), Type("JContainer"), Type("JObject")
J_ARRAY, J_VALUE, J_PROPERTY = Type("JArray"), Type("JValue"), Type("JProperty")

NUMBERS = (INT, LONG, DOUBLE)
ENUMS = frozenset({"StringComparison", "StringSplitOptions", "Formatting", "JTokenType", "DayOfWeek", "DateTimeKind"})
VALUE_TYPES = (
    frozenset({"bool", "char", "int", "long", "double", "decimal", "Guid", "DateTime", "DateTimeOffset", "TimeSpan"})
    | frozenset({"Nullable", "KeyValuePair"})
    | ENUMS
)
VARIABLES = frozenset("TRKV")
SYNONYMS = {
    "String": "string",
    "Object": "object",
    "Boolean": "bool",
    "Int32": "int",
    "Int64": "long",
    "Double": "double",
    "Char": "char",
}


def array_of(element: Type) -> Type:
    return Type("[]", (element,))


def nullable(inner: Type) -> Type:
    return Type("Nullable", (inner,))


def sequence_of(element: Type) -> Type:
    return Type("IEnumerable", (element,))


def pair_of(key: Type, value: Type) -> Type:
    return Type("KeyValuePair", (key, value))


def is_value(type_: Type) -> bool:
    return type_.name in VALUE_TYPES


def is_nullable(type_: Type) -> bool:
    return type_.name == "Nullable"


def accepts_null(type_: Type) -> bool:
    return is_nullable(type_) or not (is_value(type_) or type_ == VOID)


_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9.]*|\[\]|[<>,?])")


def parse_type(text: str) -> Type:
    """Read a type as C# writes it: `string[]`, `int?`, `IReadOnlyDictionary<string, string[]>`."""
    tokens = _TOKEN.findall(text)
    type_ = _take(tokens)
    if tokens:
        raise ValueError(f"not a type: {text}")
    return type_


def _take(tokens: list[str]) -> Type:
    name, args = tokens.pop(0), []
    if tokens and tokens[0] == "<":
        while tokens[0] != ">":
            tokens.pop(0)
            args.append(_take(tokens))
        tokens.pop(0)
    type_ = Type(SYNONYMS.get(name, name), tuple(args))
    while tokens and tokens[0] in ("[]", "?"):
        type_ = array_of(type_) if tokens.pop(0) == "[]" else nullable(type_)
    return type_


_DIRECT_BASES: dict[str, tuple[Type, ...]] = {
    "JObject": (J_CONTAINER, parse_type("IEnumerable<KeyValuePair<string, JToken>>")),
    "JArray": (J_CONTAINER,),
    "JProperty": (J_CONTAINER,),
    "JContainer": (J_TOKEN,),
    "JValue": (J_TOKEN,),
    "JToken": (parse_type("IEnumerable<JToken>"),),
    "string": (parse_type("IEnumerable<char>"),),
    "[]": (parse_type("IEnumerable<T>"),),
    "List": (parse_type("IEnumerable<T>"),),
    "IReadOnlyDictionary": (parse_type("IEnumerable<KeyValuePair<T, R>>"),),
    "Variables": (parse_type("IReadOnlyDictionary<string, object>"),),
    "TextLists": (parse_type("IReadOnlyDictionary<string, string[]>"),),
    "Dictionary": (parse_type("IReadOnlyDictionary<T, R>"),),
}


def supertypes(type_: Type) -> Iterator[Type]:
    """Give the type itself, then everything it stands for by reference (`object` last)."""
    yield type_
    binding = dict(zip("TR", type_.args, strict=False))
    for base in _DIRECT_BASES.get(type_.name, ()):
        yield from (upper for upper in supertypes(substitute(base, binding)) if upper != OBJECT)
    if type_ != OBJECT:
        yield OBJECT


def substitute(type_: Type, binding: Mapping[str, Type]) -> Type:
    """Put bound types in place of type variables."""
    if type_.name in VARIABLES and type_.name in binding:
        return binding[type_.name]
    return Type(type_.name, tuple(substitute(arg, binding) for arg in type_.args)) if type_.args else type_


def is_open(type_: Type) -> bool:
    """Tell whether type variables are left in it."""
    return type_.name in VARIABLES or any(map(is_open, type_.args))


def is_reference_conversion(source: Type, target: Type) -> bool:
    """Tell whether a reference of the one type is one of the other, arrays and sequences of references included."""
    if source == NULL:
        return accepts_null(target)
    return not is_value(source) and any(_same_or_covariant(upper, target) for upper in supertypes(source))


def _same_or_covariant(upper: Type, target: Type) -> bool:
    if upper == target:
        return True
    if upper.name != target.name or upper.name not in ("[]", "IEnumerable"):
        return False
    return not is_value(upper.args[0]) and is_reference_conversion(upper.args[0], target.args[0])


def unify(template: Type, actual: Type, binding: dict[str, Type]) -> bool:
    """Bind the type variables of a template so that `actual` stands for it; change `binding` only on success."""
    for upper in supertypes(actual):
        found = dict(binding)
        if _match(template, upper, found):
            binding.update(found)
            return True
    return False


def _match(template: Type, actual: Type, binding: dict[str, Type]) -> bool:
    if template.name in VARIABLES:
        return binding.setdefault(template.name, actual) == actual
    if template.name != actual.name or len(template.args) != len(actual.args):
        return False
    return all(_match(part, other, binding) for part, other in zip(template.args, actual.args, strict=True))
