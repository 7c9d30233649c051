"""Members of arrays, lists and dictionaries, and LINQ over all that can be walked through."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from local.apim.csharp import types
from local.apim.csharp.failures import null_reference, thrown
from local.apim.csharp.members_text import needed
from local.apim.csharp.signatures import members_of
from local.apim.csharp.types import Type
from local.apim.csharp.values import Array, List, Sequence
from local.apim.csharp.walking import default_of, equal, walked

_NONE: Any = object()


def _walk(source: Any) -> Iterator[Any]:
    return walked(needed(source, "source"))


def _empty() -> Any:
    raise thrown("InvalidOperationException", "Sequence contains no elements")


def _no_match() -> Any:
    raise thrown("InvalidOperationException", "Sequence contains no matching element")


def _matching(source: Any, test: Callable[[Any], bool] | None) -> Iterator[Any]:
    items = _walk(source)
    return items if test is None else filter(test, items)


def _first(source: Any, test: Callable[[Any], bool] | None = None) -> Any:
    found = next(_matching(source, test), _NONE)
    return (_no_match() if test else _empty()) if found is _NONE else found


def _last(source: Any, test: Callable[[Any], bool] | None = None) -> Any:
    items = list(_matching(source, test))
    return items[-1] if items else _no_match() if test else _empty()


def _single(source: Any, test: Callable[[Any], bool] | None = None) -> Any:
    items = list(islice(_matching(source, test), 2))
    if len(items) == 2:
        raise thrown("InvalidOperationException", "Sequence contains more than one matching element")
    return items[0] if items else _no_match() if test else _empty()


def _or_default(find: Callable[..., Any]) -> Callable[[dict[str, Type]], Callable[..., Any]]:
    """Give a finder that gives default(T) where there is none; several for Single still throw."""

    def typed(binding: dict[str, Type]) -> Callable[..., Any]:
        default = default_of(binding["T"])

        def call(source: Any, test: Callable[[Any], bool] | None = None) -> Any:
            return find(source, test) if any(True for _ in _matching(source, test)) else default

        return call

    return typed


def _lazy(variable: str, start: Callable[..., Iterator[Any]]) -> Callable[[dict[str, Type]], Callable[..., Any]]:
    """Give what makes a sequence that `start` walks through anew each time."""

    def typed(binding: dict[str, Type]) -> Callable[..., Any]:
        of = binding[variable]

        def call(source: Any, *given: Any) -> Sequence:
            needed(source, "source")
            return Sequence(of, lambda: start(source, *given))

        return call

    return typed


def _distinct(source: Any) -> Iterator[Any]:
    seen: list[Any] = []
    for item in _walk(source):
        if not any(equal(item, one) for one in seen):
            seen.append(item)
            yield item


def _joined(source: Any, second: Any) -> Iterator[Any]:
    yield from _walk(source)
    yield from walked(needed(second, "second"))


def _present(value: Any) -> Any:
    return null_reference() if value is None else value


def _at(source: Any, index: int) -> Any:
    items = list(_walk(source))
    if not 0 <= index < len(items):
        raise thrown("ArgumentOutOfRangeException", "Index was out of range.")
    return items[index]


_all = members_of("IEnumerable<T>")


def _extension(signature: str, run: Callable[..., Any], *, typed: bool = False) -> None:
    _all.method(signature, run, extension=True, typed=typed)


_extension("bool Any()", lambda source: next(_walk(source), _NONE) is not _NONE)
_extension("bool Any(Func<T, bool> predicate)", lambda source, test: any(test(one) for one in _walk(source)))
_extension("bool All(Func<T, bool> predicate)", lambda source, test: all(test(one) for one in _walk(source)))
_extension("int Count()", lambda source: sum(1 for _ in _walk(source)))
_extension("int Count(Func<T, bool> predicate)", lambda source, test: sum(1 for one in _walk(source) if test(one)))
for _name, _find in {"First": _first, "Last": _last, "Single": _single}.items():
    _extension(f"T {_name}()", _find)
    _extension(f"T {_name}(Func<T, bool> predicate)", _find)
    _extension(f"T {_name}OrDefault()", _or_default(_find), typed=True)
    _extension(f"T {_name}OrDefault(Func<T, bool> predicate)", _or_default(_find), typed=True)
_extension("T ElementAt(int index)", _at)
_extension("bool Contains(T value)", lambda source, value: any(equal(one, value) for one in _walk(source)))
_extension(
    "IEnumerable<T> Where(Func<T, bool> predicate)",
    _lazy("T", lambda source, test: filter(test, walked(source))),
    typed=True,
)
_extension(
    "IEnumerable<R> Select<R>(Func<T, R> selector)",
    _lazy("R", lambda source, make: map(make, walked(source))),
    typed=True,
)
_extension(
    "IEnumerable<R> SelectMany<R>(Func<T, IEnumerable<R>> selector)",
    _lazy("R", lambda source, make: (one for part in walked(source) for one in walked(_present(make(part))))),
    typed=True,
)
_extension("IEnumerable<T> Distinct()", _lazy("T", _distinct), typed=True)
_extension(
    "IEnumerable<T> Skip(int count)",
    _lazy("T", lambda source, count: islice(walked(source), max(count, 0), None)),
    typed=True,
)
_extension(
    "IEnumerable<T> Take(int count)",
    _lazy("T", lambda source, count: islice(walked(source), max(count, 0))),
    typed=True,
)
_extension("IEnumerable<T> Concat(IEnumerable<T> second)", _lazy("T", _joined), typed=True)
_extension("IEnumerable<T> Reverse()", _lazy("T", lambda source: iter(list(walked(source))[::-1])), typed=True)
_extension("T[] ToArray()", lambda binding: lambda source: Array.make(binding["T"], _walk(source)), typed=True)
_extension("List<T> ToList()", lambda binding: lambda source: List.make(binding["T"], _walk(source)), typed=True)


def _index(items: Any, index: int) -> Any:
    if not 0 <= index < len(items):
        raise thrown("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    return items[index]


def _list_index(items: Any, index: int) -> Any:
    if not 0 <= index < len(items):
        raise thrown("ArgumentOutOfRangeException", "Index was out of range.")
    return items[index]


_array = members_of("T[]")
_array.property("int Length", len)
_array.indexer("T this(int index)", _index)

_list = members_of("List<T>")
_list.property("int Count", len)
_list.indexer("T this(int index)", _list_index)
_list.method("void Add(T item)", lambda items, item: items.append(item))
_list.constructor("", lambda binding: lambda: List.make(binding["T"], ()), typed=True)

_dictionary = members_of("IReadOnlyDictionary<T, R>")


def _get(items: Any, key: Any) -> Any:
    try:
        return items[needed(key, "key")]
    except KeyError:
        raise thrown("KeyNotFoundException", f"The given key '{key}' was not present in the dictionary.") from None


def _try_get(binding: dict[str, Type]) -> Callable[[Any, Any], tuple[bool, Any]]:
    default = default_of(binding["R"])

    def call(items: Any, key: Any) -> tuple[bool, Any]:
        return (True, items[key]) if needed(key, "key") in items else (False, default)

    return call


_dictionary.indexer("R this(T key)", _get)
_dictionary.method("bool ContainsKey(T key)", lambda items, key: needed(key, "key") in items)
_dictionary.method("bool TryGetValue(T key, out R value)", _try_get, typed=True)
_dictionary.property("int Count", len)
_dictionary.property("IEnumerable<T> Keys", lambda items: Sequence(types.OBJECT, lambda: iter(items)))
_dictionary.property(
    "IEnumerable<R> Values", lambda items: Sequence(types.OBJECT, lambda: (items[key] for key in items))
)

_pair = members_of("KeyValuePair<K, V>")
_pair.property("K Key", lambda pair: pair.key)
_pair.property("V Value", lambda pair: pair.value)
