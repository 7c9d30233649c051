"""Which declarations need which: circles, and values that are not known when the deployment starts."""

from collections.abc import Iterator

from tools.bicep.declarations import (
    Declaration,
    Deployed,
    File,
    ModuleDeclaration,
    Parameter,
    ResourceDeclaration,
    Variable,
)
from tools.bicep.functions import known_function
from tools.bicep.nodes import Access, Call, Expression, For, If, Index, Name, Nested, children, walk
from tools.bicep.resources import KNOWN_AT_START, published


def check(file: File) -> None:
    """Report circles and late values."""
    known: dict[str, Declaration] = {
        item.name: item for kind in (Parameter, Variable, ModuleDeclaration) for item in file.of(kind).values()
    }
    known |= {item.name: item for item in file.resources()}
    needs = {name: _needs(item, known) for name, item in known.items()}
    for circle in _circles(needs):
        file.report(known[circle[0]].place, "cycle", " needs ".join([*circle, circle[0]]))
    late = Late(known)
    for item in known.values():
        if isinstance(item, Deployed):
            _check_start(item, late, file)


def _values(item: Declaration) -> list[Expression]:
    return [value for value in vars(item).values() if isinstance(value, Expression)]


def _needs(item: Declaration, known: dict[str, Declaration]) -> list[str]:
    found = [
        node.name for value in _values(item) for node in walk(value) if isinstance(node, Name) and node.name in known
    ]
    outer = item.outer if isinstance(item, ResourceDeclaration) else None
    return [*dict.fromkeys(found), *([outer.name] if outer else [])]


def _circles(needs: dict[str, list[str]]) -> Iterator[list[str]]:
    """Each circle once."""
    done: set[str] = set()

    def follow(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return None
        for other in needs.get(name, ()):
            if found := follow(other, [*path, name]):
                return found
        done.add(name)
        return None

    for name in needs:
        if found := follow(name, []):
            done |= set(found)
            yield found


class Late:
    """Finds what is known only once something has been deployed."""

    def __init__(self, known: dict[str, Declaration]) -> None:
        self._known = known

    def within(self, node: Expression, seen: frozenset[str] = frozenset()) -> Expression | None:
        """The first part of `node` that is not known at the start."""
        if (
            isinstance(node, Access | Index | Nested)
            and (base := _base(node)) is not None
            and isinstance(self._known.get(base.name), Deployed)
        ):
            first = _first_member(node)
            return node if first is not None and first not in KNOWN_AT_START else None
        if isinstance(node, Call) and self._late_call(node):
            return node
        if isinstance(node, Name) and node.name not in seen:
            item = self._known.get(node.name)
            found = (
                self.within(item.value, seen | {node.name})
                if isinstance(item, Variable) and item.value is not None
                else None
            )
            return node if found else None
        return next((found for child in children(node) if (found := self.within(child, seen))), None)

    def _late_call(self, node: Call) -> bool:
        base = node.target and _base(node.target)
        if isinstance(base, Name) and isinstance(self._known.get(base.name), Deployed):
            return True
        function = known_function(node.name)
        return function is not None and not function.at_start


def _base(node: Expression) -> Name | None:
    while isinstance(node, Access | Index | Nested):
        node = node.target
    return node if isinstance(node, Name) else None


def _first_member(node: Expression) -> str | None:
    """The member that is taken of the resource itself."""
    first = None
    while isinstance(node, Access | Index | Nested):
        if isinstance(node, Access):
            first = node.name
        node = node.target
    return first


def _check_start(item: Deployed, late: Late, file: File) -> None:
    wanted = {"name", "scope", "parent"}
    if isinstance(item, ResourceDeclaration) and (found := published(item)) is not None:
        wanted |= {name for name, member in found.members().items() if member.at_start}
    places = [value for name in wanted if (value := item.body.member(name)) is not None]
    value = item.value
    while isinstance(value, For | If):
        places.append(value.source if isinstance(value, For) else value.condition)
        value = value.body
    for node in places:
        if found_late := late.within(node):
            file.report(
                found_late.place,
                "start-value",
                "this is known only after a deployment, and must be known before",
                "pass ids and names, or take it into a module's parameter",
            )
