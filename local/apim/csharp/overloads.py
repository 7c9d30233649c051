"""Which overload a call means, as the C# compiler chooses it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from local.apim.csharp import types
from local.apim.csharp.code import Code, constant
from local.apim.csharp.conversion import implicit
from local.apim.csharp.signatures import REQUIRED, Method, Parameter
from local.apim.csharp.types import Type, is_open, substitute, unify
from local.apim.csharp.values import Array


@dataclass(slots=True)
class Argument:
    """One argument: a value, a lambda that waits for its parameter types, or a local for what comes out.

    `bind` compiles a lambda of `arity` parameters to code that gives a Python function, of the type of its result.
    `out` takes the type that comes out (refusing a wrong one) and gives the local's place in the frame.
    """

    text: str
    code: Code | None = None
    name: str | None = None
    arity: int = 0
    bind: Callable[[tuple[Type, ...]], Code] | None = None
    out: Callable[[Type], int] | None = None
    out_type: Type | None = None


@dataclass(slots=True)
class Chosen:
    """A method with its arguments converted, in the order of its parameters; `outs` maps those to places."""

    method: Method
    binding: dict[str, Type]
    arguments: list[Code]
    types: list[Type]
    given: list[int | None]
    expanded: bool = False
    outs: list[int] = field(default_factory=list)


class NotOne(Exception):
    """No overload fits, or several fit equally; the message says which there are."""


def choose(
    methods: Iterable[Method], arguments: list[Argument], *, known: dict[str, Type], explicit: tuple[Type, ...] = ()
) -> Chosen | None:
    """Choose the best overload; None when none fits. `known` binds the type variables of the receiver."""
    fitting = [made for method in methods for made in _forms(method, arguments, known, explicit)]
    best = [made for made in fitting if all(other is made or _is_better(made, other, arguments) for other in fitting)]
    if not fitting:
        return None
    if len(best) != 1:
        raise NotOne("the call fits several: " + "; ".join(made.method.signature for made in fitting))
    return best[0]


def _forms(
    method: Method, arguments: list[Argument], known: dict[str, Type], explicit: tuple[Type, ...]
) -> Iterable[Chosen]:
    """Give the method as it fits: as declared, else with its `params` spread out."""
    if explicit and len(explicit) != len(method.variables):
        return
    binding = known | dict(zip(method.variables, explicit, strict=False))
    plain = _placed(method, arguments, method.parameters)
    made = None if plain is None else _fit(method, arguments, plain, dict(binding))
    if not made and method.parameters and method.parameters[-1].many:
        spread = _spread(method, len(arguments))
        placed = None if spread is None else _placed(method, arguments, spread)
        made = _fit(method, arguments, placed, dict(binding), expanded=True) if placed is not None else None
    if made:
        yield made


def _spread(method: Method, count: int) -> tuple[Parameter, ...] | None:
    *first, last = method.parameters
    extra = count - len(first)
    if extra < 0:
        return None
    return (*first, *(Parameter(last.type.args[0], f"{last.name}[{index}]") for index in range(extra)))


_Placed = list[tuple[Parameter, int | None]]


def _placed(method: Method, arguments: list[Argument], parameters: tuple[Parameter, ...]) -> _Placed | None:
    """Put each argument, by position or name, to its parameter; None when one is left over or missing."""
    places: dict[str, int] = {}
    for index, argument in enumerate(arguments):
        if argument.name is None and index >= len(parameters):
            return None
        name = argument.name or parameters[index].name
        if name in places or all(parameter.name != name for parameter in parameters):
            return None
        places[name] = index
    if any(parameter.default is REQUIRED and parameter.name not in places for parameter in parameters):
        return None
    return [(parameter, places.get(parameter.name)) for parameter in parameters]


def _fit(
    method: Method, arguments: list[Argument], placed: _Placed, binding: dict[str, Type], *, expanded: bool = False
) -> Chosen | None:
    if not all(
        index is None or _infer(parameter, arguments[index], binding)
        for parameter, index in sorted(placed, key=lambda pair: pair[1] is not None and bool(arguments[pair[1]].bind))
    ):
        return None
    if any(variable not in binding for variable in method.variables):
        return None
    chosen = Chosen(method, binding, [], [], [], expanded)
    for parameter, index in placed:
        type_ = substitute(parameter.type, binding)
        code = constant(type_, parameter.default) if index is None else _convert(arguments[index], parameter, type_)
        if code is None:
            return None
        chosen.arguments.append(code)
        chosen.types.append(type_)
        chosen.given.append(index)
    if expanded:
        _gather(chosen)
    return chosen


def _infer(parameter: Parameter, argument: Argument, binding: dict[str, Type]) -> bool:
    """Bind what the argument tells of the type variables; a lambda's parameters must be bound by then."""
    if argument.bind:
        return _infer_lambda(parameter.type, argument, binding)
    if not is_open(substitute(parameter.type, binding)) or argument.code is None:
        return True
    if argument.code.type == types.NULL:
        return True
    return unify(substitute(parameter.type, binding), argument.code.type, binding)


def _infer_lambda(wanted: Type, argument: Argument, binding: dict[str, Type]) -> bool:
    if wanted.name != "Func" or len(wanted.args) != argument.arity + 1 or argument.bind is None:
        return False
    given = tuple(substitute(arg, binding) for arg in wanted.args[:-1])
    if any(map(is_open, given)):
        return False
    result = substitute(wanted.args[-1], binding)
    body = argument.bind(given).type
    return unify(result, body, binding) if is_open(result) else True


def _convert(argument: Argument, parameter: Parameter, type_: Type) -> Code | None:
    if parameter.out:
        return constant(type_, None) if argument.out and argument.out_type in (None, type_) else None
    if argument.out:
        return None
    if argument.bind is None:
        return argument.code and implicit(argument.code, type_)
    made = argument.bind(type_.args[:-1])
    wanted = type_.args[-1]
    if made.type == wanted:
        return made
    change = implicit(Code(made.type, lambda frame: frame[0]), wanted)
    if change is None:
        return None
    return Code(wanted, _converting(made, change))


def _converting(made: Code, change: Code) -> Callable[[list[object]], object]:
    def run(frame: list[object]) -> object:
        call = made.run(frame)
        return lambda *given: change.run([call(*given)])

    return run


def _gather(chosen: Chosen) -> None:
    """Make one array of the arguments that were spread out."""
    first = len(chosen.method.parameters) - 1
    items = [code.run for code in chosen.arguments[first:]]
    of = substitute(chosen.method.parameters[-1].type.args[0], chosen.binding)
    gathered = Code(types.array_of(of), lambda frame: Array.make(of, [item(frame) for item in items]))
    chosen.arguments[first:] = [gathered]


def _is_better(one: Chosen, other: Chosen, arguments: list[Argument]) -> bool:
    """Tell whether no argument converts worse and one converts better; then the less general form is better."""
    better = worse = False
    for index, argument in enumerate(arguments):
        order = _compare(argument, _type_at(one, index), _type_at(other, index))
        better, worse = better or order < 0, worse or order > 0
    if better or worse:
        return better and not worse
    if any(_type_at(one, index) != _type_at(other, index) for index in range(len(arguments))):
        return False
    if one.expanded != other.expanded:
        return other.expanded
    if len(one.given) != len(other.given):
        return len(one.given) < len(other.given)
    return len(one.method.variables) < len(other.method.variables)


def _type_at(chosen: Chosen, index: int) -> Type:
    return chosen.types[chosen.given.index(index)]


def _compare(argument: Argument, one: Type, other: Type) -> int:
    if one == other or argument.code is None:
        return 0
    if argument.code.type in (one, other):
        return -1 if argument.code.type == one else 1
    forth, back = _converts(one, other), _converts(other, one)
    return 0 if forth == back else -1 if forth else 1


def _converts(one: Type, other: Type) -> bool:
    return implicit(Code(one, lambda frame: None), other) is not None
