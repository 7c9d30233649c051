"""Holds what is written against what is wanted, down to the member that is wrong."""

from collections.abc import Mapping
from difflib import get_close_matches

from tools.bicep.declarations import File
from tools.bicep.fitting import length_misfit, misfit
from tools.bicep.inference import Inference, Names
from tools.bicep.kinds import Choice, Kind, Member, Sequence, Thing, Variants, options, present, words
from tools.bicep.nodes import Array, Expression, For, If, Literal, Object, Ternary


class Checker:
    def __init__(self, file: File, inference: Inference) -> None:
        self._file = file
        self._inference = inference

    def check(self, node: Expression, wanted: Kind, names: Names) -> None:
        """Report where `node` is not what is wanted."""
        thing = _thing(wanted, node)
        items = next((option for option in options(wanted) if isinstance(option, Sequence)), None)
        if isinstance(node, Ternary):
            self._inference.kind(
                Ternary(node.place, node.condition, Literal(node.place, None), Literal(node.place, None)), names
            )
            self.check(node.then, wanted, names)
            self.check(node.otherwise, wanted, names)
        elif isinstance(node, If):
            self._inference.kind(If(node.place, node.condition, Literal(node.place, None)), names)
            self.check(node.body, wanted, names)
        elif isinstance(node, Object) and thing is not None:
            self._object(node, thing, names)
        elif isinstance(node, For | Array) and items is not None:
            self._sequence(node, items, names)
        elif reason := misfit(self._inference.kind(node, names), wanted):
            self._file.report(node.place, _rule(reason), reason)

    def _sequence(self, node: For | Array, wanted: Sequence, names: Names) -> None:
        if isinstance(node, For):
            self.check(node.body, wanted.item, self._inference.loop(node, names))
            return
        if reason := length_misfit(len(node.items), wanted.shortest, wanted.longest, "items"):
            self._file.report(node.place, "range", reason)
        for item in node.items:
            self.check(item, wanted.item, names)

    def _object(self, node: Object, wanted: Thing | Variants, names: Names) -> None:
        if isinstance(wanted, Variants):
            self.members(node, *self._variant(node, wanted), names)
        else:
            self.members(node, wanted.members, wanted.others, wanted.name, names)

    def _variant(self, node: Object, wanted: Variants) -> tuple[Mapping[str, Member], Kind | None, str]:
        """The form that the object's own key names."""
        key = node.member(wanted.key)
        if key is None:
            self._file.report(
                node.place,
                "missing",
                f"'{wanted.key}' is missing in {wanted.name}",
                f"one of {', '.join(wanted.options)}",
            )
            return wanted.common, Thing("", {}).others, wanted.name
        kinds = words(self._inference.kind(key, {})) if isinstance(key, Literal) else []
        if kinds and kinds[0] not in wanted.options:
            self._file.report(
                key.place,
                "value",
                f"'{kinds[0]}' is no {wanted.key} of {wanted.name}",
                f"one of {', '.join(wanted.options)}",
            )
        if not kinds or kinds[0] not in wanted.options:
            members = {name: item for option in wanted.whole.values() for name, item in option.members.items()}
            return {name: Member(item.find) for name, item in members.items()}, None, wanted.name
        chosen = wanted.whole[kinds[0]]
        return chosen.members, chosen.others, wanted.name

    def members(
        self, node: Object, members: Mapping[str, Member], others: Kind | None, name: str, names: Names
    ) -> None:
        """Hold an object's members against `members`; `others` is the kind of all that have no name there."""
        seen: set[str] = set()
        for item in node.members:
            if item.key is not None and item.key in seen:
                self._file.report(item.place, "name-twice", f"'{item.key}' is given twice")
            seen.add(item.key or "")
            member = members.get(item.key or "")
            if member is not None:
                self._member(item.key or "", item.value, member, names)
            elif others is not None or item.key is None:
                self.check(item.value, others or Thing("", {}), names) if others else self._inference.kind(
                    item.value, names
                )
            else:
                near = get_close_matches(
                    item.key, [key for key, found in members.items() if not found.read_only], 1, 0.6
                )
                self._file.report(
                    item.place, "property", f"{name} has no '{item.key}'", f"did you mean '{near[0]}'?" if near else ""
                )
                self._inference.kind(item.value, names)
        if None in [item.key for item in node.members]:
            return
        for key, member in members.items():
            if member.required and not member.read_only and key not in seen:
                self._file.report(node.place, "missing", f"'{key}' is missing in {name}")

    def _member(self, key: str, value: Expression, member: Member, names: Names) -> None:
        if member.read_only:
            self._file.report(value.place, "read-only", f"'{key}' is set by Azure", "leave it out")
            return
        wanted = member.kind
        if isinstance(value, Literal) and value.value is None and not member.required:
            return
        if not member.required and not isinstance(value, Object | Array | For | If | Ternary):
            if reason := misfit(present(self._inference.kind(value, names)), wanted):
                self._file.report(value.place, _rule(reason), f"'{key}': {reason}")
            return
        if isinstance(value, Ternary) and not member.required:
            wanted = Choice((wanted, *(option for option in options(self._inference.kind(Literal(value.place, None))))))
        self.check(value, wanted, names)


def _rule(reason: str) -> str:
    """The rule that a misfit's words belong to."""
    for words_of_it, rule in (("known values", "value"), ("does not match", "pattern"), (" than ", "range")):
        if words_of_it in reason:
            return rule
    return "kind"


def _thing(wanted: Kind, node: Expression) -> Thing | Variants | None:
    """The object that is wanted; of several the one that has most of what is written."""
    found = [option for option in options(wanted) if isinstance(option, Thing | Variants)]
    if not isinstance(node, Object) or not found:
        return None
    keys = {item.key for item in node.members}
    return max(found, key=lambda item: len(keys & set(item.members if isinstance(item, Thing) else item.common)))
