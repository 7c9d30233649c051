"""What kind of value an expression gives; finds unknown names, properties and functions on the way."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from tools.bicep.declarations import File
from tools.bicep.fitting import misfit
from tools.bicep.functions import DEFAULTS_ONLY, FUNCTIONS, Function, known_function
from tools.bicep.kinds import (
    ANY,
    ARRAY,
    BOOL,
    INT,
    NULL,
    TEXT,
    Choice,
    Kind,
    Nothing,
    Number,
    Resource,
    Sequence,
    Text,
    Thing,
    Variants,
    either,
    given,
    options,
    present,
)
from tools.bicep.nodes import (
    Access,
    Array,
    Binary,
    Call,
    Expression,
    For,
    If,
    Index,
    Interpolated,
    Lambda,
    Literal,
    Name,
    Nested,
    Object,
    Ternary,
    Unary,
)
from tools.bicep.syntax_types import literal_kind

Names = Mapping[str, Callable[[], Kind]]
NAMESPACES: Final = ("az", "sys")
TRUTHS: Final = ("==", "!=", "=~", "!~", "<", "<=", ">", ">=", "&&", "||")
RESOURCE_FUNCTIONS: Final = (
    "listKeys",
    "listAccountSas",
    "listServiceSas",
    "listSecrets",
    "getSecret",
    "listCallbackUrl",
)


class Inference:
    """Infers kinds within one file, and reports what is wrong with its expressions."""

    def __init__(
        self, file: File, names: Names, functions: Mapping[str, Function], load: Callable[[Call], Kind | None]
    ) -> None:
        self._file = file
        self._names = names
        self._own = functions
        self._load = load
        self.used: set[str] = set()
        self.default_of_parameter = False
        self._readers: dict[type[Expression], Callable[[Any, Names], Kind]] = {
            Literal: self._literal,
            Interpolated: self._interpolated,
            Name: self._name,
            Call: self._call,
            Access: self._access,
            Index: self._index,
            Nested: self._nested,
            Object: self._object,
            Array: self._array,
            Ternary: self._ternary,
            Unary: self._unary,
            Binary: self._binary,
            For: self._for,
            If: self._if,
            Lambda: self._lambda,
        }

    def kind(self, node: Expression, names: Names | None = None) -> Kind:
        """The kind of `node`; `names` are those of the loops and lambdas around it."""
        return self._infer(node, names or {})

    def _infer(self, node: Expression, names: Names) -> Kind:
        return self._readers[type(node)](node, names)

    def _literal(self, node: Literal, _: Names) -> Kind:
        return literal_kind(node)

    def _interpolated(self, node: Interpolated, names: Names) -> Kind:
        for part in node.parts:
            self._part(part, names)
        return TEXT

    def _object(self, node: Object, names: Names) -> Kind:
        kinds = [(item.key, self._infer(item.value, names)) for item in node.members]
        known = {key: given(kind) for key, kind in kinds if key is not None}
        return Thing("object", known, ANY if any(key is None for key, _ in kinds) else None)

    def _array(self, node: Array, names: Names) -> Kind:
        kinds = [self._infer(item, names) for item in node.items]
        return Sequence(either(*kinds)) if kinds else ARRAY

    def _ternary(self, node: Ternary, names: Names) -> Kind:
        self._want(node.condition, BOOL, names, "a condition")
        return either(self._infer(node.then, names), self._infer(node.otherwise, names))

    def _unary(self, node: Unary, names: Names) -> Kind:
        kind = BOOL if node.operator == "!" else INT
        self._want(node.operand, kind, names, f"'{node.operator}'")
        return kind

    def _for(self, node: For, names: Names) -> Kind:
        return Sequence(self._infer(node.body, self.loop(node, names)))

    def _if(self, node: If, names: Names) -> Kind:
        self._want(node.condition, BOOL, names, "a condition")
        return self._infer(node.body, names)

    def _lambda(self, node: Lambda, names: Names) -> Kind:
        return self._infer(node.body, {**names, **{name: lambda: ANY for name in node.names}})

    def loop(self, node: For, names: Names) -> Names:
        """The names within a loop."""
        source = self._infer(node.source, names)
        item = either(*(option.item if isinstance(option, Sequence) else ANY for option in options(source)))
        if reason := misfit(source, ARRAY):
            self._file.report(node.source.place, "kind", f"a loop runs over an array: {reason}")
        kinds = (lambda: item, lambda: INT)
        return {**names, **dict(zip(node.names, kinds, strict=False))}

    def _part(self, part: str | Expression, names: Names) -> None:
        if isinstance(part, Expression) and isinstance(self._infer(part, names), Resource):
            self._file.report(part.place, "kind", "a resource or module is no string", "take its id or name")

    def _want(self, node: Expression, wanted: Kind, names: Names, what: str) -> None:
        if reason := misfit(present(self._infer(node, names)), wanted):
            self._file.report(node.place, "kind", f"{what} wants {wanted.shown()}: {reason}")

    def _name(self, node: Name, names: Names) -> Kind:
        for known in (names, self._names):
            if node.name in known:
                self.used.add(node.name)
                return known[node.name]()
        self._unknown(node, "symbol", f"there is no '{node.name}'", [*names, *self._names])
        return ANY

    def _unknown(self, node: Name | Call | Access | Nested, rule: str, text: str, known: Iterable[str]) -> None:
        near = get_close_matches(node.name, list(known), 1, 0.6)
        self._file.report(node.place, rule, text, f"did you mean '{near[0]}'?" if near else "")

    def _call(self, node: Call, names: Names) -> Kind:
        if node.target is not None and not (isinstance(node.target, Name) and node.target.name in NAMESPACES):
            return self._method(node, names)
        function = self._own.get(node.name) or known_function(node.name)
        kinds = [self._infer(item, names) for item in node.arguments]
        if function is None:
            self._unknown(node, "function", f"there is no function '{node.name}'", [*FUNCTIONS, *self._own])
            return ANY
        self._check_call(node, function, kinds)
        if node.name == "toObject" and len(kinds) == 3:
            return Thing("object", {}, kinds[2])
        if node.name in ("union", "first", "last", "take", "skip", "sort", "filter", "intersection"):
            return self._of_first(node.name, kinds)
        if node.name == "readEnvironmentVariable" and len(kinds) == 2:
            return kinds[1]  # the compiler reads it, so that its value counts; here the default stands for it
        return self._load(node) or function.gives

    def _check_call(self, node: Call, function: Function, kinds: list[Kind]) -> None:
        if not function.least <= len(kinds) <= function.most:
            many = str(function.least) if function.least == function.most else f"{function.least} to {function.most}"
            self._file.report(node.place, "arity", f"'{node.name}' takes {many} arguments, not {len(kinds)}")
        elif kinds and (reason := misfit(present(kinds[0]), function.takes)):
            self._file.report(node.arguments[0].place, "kind", f"'{node.name}': {reason}")
        if node.name in DEFAULTS_ONLY and not self.default_of_parameter:
            self._file.report(node.place, "function", f"'{node.name}' may stand only in the default of a parameter")

    @staticmethod
    def _of_first(name: str, kinds: list[Kind]) -> Kind:
        first = kinds[0] if kinds else ANY
        if isinstance(first, Sequence):
            return (
                either(first.item, NULL)
                if name in ("first", "last")
                else Sequence(either(*(k.item if isinstance(k, Sequence) else ANY for k in kinds[:1])))
            )
        if name == "union" and isinstance(first, Thing):
            return Thing("object", {}, ANY)
        return ANY

    def _method(self, node: Call, names: Names) -> Kind:
        target = self._infer(node.target, names) if node.target else ANY
        for item in node.arguments:
            self._infer(item, names)
        if node.name == "getSecret":
            return TEXT
        if isinstance(target, Resource) and node.name not in RESOURCE_FUNCTIONS and not node.name.startswith("list"):
            self._unknown(node, "function", f"a resource has no function '{node.name}'", RESOURCE_FUNCTIONS)
        return ANY

    def _access(self, node: Access, names: Names) -> Kind:
        if isinstance(node.target, Name) and node.target.name in NAMESPACES:
            return ANY
        target = self._infer(node.target, names)
        if (
            not node.safe
            and any(isinstance(option, Nothing) for option in options(target))
            and isinstance(target, Choice)
        ):
            self._file.report(node.place, "null", f"'.{node.name}' of what may be null", f"write '.?{node.name}'")
        kinds = [self._member(node, option) for option in options(present(target))]
        return either(*kinds, NULL) if node.safe else either(*kinds)

    def _member(self, node: Access, kind: Kind) -> Kind:
        if isinstance(kind, Thing):
            return self._member_of_thing(node, kind)
        if isinstance(kind, Variants):
            found = [option.members[node.name].kind for option in kind.whole.values() if node.name in option.members]
            if not found:
                self._unknown(node, "property", f"no form of {kind.name} has '{node.name}'", kind.common)
            return either(*found) if found else ANY
        if isinstance(kind, Text | Number | Sequence) or kind == BOOL:
            self._file.report(node.place, "property", f"{kind.shown()} has no property '{node.name}'")
        return ANY

    def _member_of_thing(self, node: Access, kind: Thing) -> Kind:
        member = kind.members.get(node.name)
        if member is None and kind.others is None:
            self._unknown(node, "property", f"'{kind.name}' has no '{node.name}'", kind.members)
        if member is not None and member.write_only:
            self._file.report(node.place, "property", f"'{node.name}' can be written, never read")
        return member.kind if member else kind.others or ANY

    def _index(self, node: Index, names: Names) -> Kind:
        index = self._infer(node.index, names)
        kinds = []
        for option in options(present(self._infer(node.target, names))):
            if isinstance(option, Sequence):
                kinds.append(option.item)
                if reason := misfit(index, INT):
                    self._file.report(node.index.place, "kind", f"an array is indexed by a number: {reason}")
            else:
                kinds.append(option.others or ANY if isinstance(option, Thing) else ANY)
        return either(*kinds)

    def _nested(self, node: Nested, names: Names) -> Kind:
        target = self._infer(node.target, names)
        if isinstance(target, Resource):
            if node.name in target.nested:
                return target.nested[node.name]
            self._unknown(node, "symbol", f"no resource '{node.name}' is declared within", target.nested)
        return ANY

    def _binary(self, node: Binary, names: Names) -> Kind:
        left, right = self._infer(node.left, names), self._infer(node.right, names)
        if node.operator == "??":
            return either(present(left), right)
        if node.operator in ("&&", "||"):
            for side, kind in ((node.left, left), (node.right, right)):
                if reason := misfit(present(kind), BOOL):
                    self._file.report(side.place, "kind", f"'{node.operator}' wants bool: {reason}")
        if node.operator in ("==", "!=") and misfit(left, right) and misfit(right, left) and NULL not in (left, right):
            self._file.report(node.place, "kind", f"{left.shown()} and {right.shown()} are never equal")
        return BOOL if node.operator in TRUTHS else INT
