"""Rules of resources: type and version, body, parent, scope."""

from typing import TYPE_CHECKING

from tools.bicep.declarations import ModuleDeclaration, ResourceDeclaration
from tools.bicep.inference import Names
from tools.bicep.kinds import ANY, ARRAY, TEXT, Anything, Member, Resource, Sequence, Variants
from tools.bicep.nodes import Expression, For, If, Interpolated, Literal, Object
from tools.bicep.published import ResourceType, resource_types, versions

if TYPE_CHECKING:
    from tools.bicep.analysis import Analysis

OWN = {"parent": Member(lambda: ANY), "scope": Member(lambda: ANY), "dependsOn": Member(lambda: ARRAY)}
KNOWN_AT_START = ("id", "name", "type", "apiVersion")


def full_type(declared: ResourceDeclaration) -> str:
    """`type@version`, for one within another made of both."""
    if declared.outer is None or "/" in declared.type.split("@")[0]:
        return declared.type
    outer, version = full_type(declared.outer).split("@")
    name, _, own = declared.type.partition("@")
    return f"{outer}/{name}@{own or version}"


def published(declared: ResourceDeclaration) -> ResourceType | None:
    return resource_types().get(full_type(declared).lower())


def _literal_name(declared: ResourceDeclaration) -> str | None:
    name = declared.first_name
    return str(name.value) if isinstance(name, Literal) else None


def kind(declared: ResourceDeclaration) -> Resource:
    """What other expressions see of a resource."""
    found = published(declared)
    nested = {item.name: kind(item) for item in declared.inner}
    members = dict(found.members(_literal_name(declared))) if found else {}
    for name in KNOWN_AT_START:
        members[name] = Member(lambda: TEXT, at_start=True)
    return Resource(
        full_type(declared),
        members,
        None if found else ANY,
        full_type(declared).split("@")[0],
        declared.existing,
        nested,
    )


def check(declared: ResourceDeclaration, analysis: "Analysis") -> None:
    """Report what is wrong with a resource."""
    found = published(declared)
    if found is None:
        _unknown_type(declared, analysis)
    names = loop_names(declared.value, analysis)
    _parent(declared, analysis)
    _scope(declared, found, analysis)
    if found is None:
        analysis.inference.kind(declared.body, names)
        return
    _form(declared, found, analysis)
    members = {**found.members(_literal_name(declared)), **OWN}
    if "/" in (_literal_name(declared) or ""):
        members["name"] = Member(lambda: TEXT, required=True)  # its pattern is that of the last part
    if declared.existing:
        members = {"name": members["name"], **OWN}
    if declared.outer is not None:
        members.pop("parent")
    analysis.checker.members(declared.body, members, None, full_type(declared), names)
    check_depends_on(declared, analysis)


def _form(declared: ResourceDeclaration, found: ResourceType, analysis: "Analysis") -> None:
    """Some types have a body for each of a few names."""
    name = _literal_name(declared)
    if isinstance(found.body, Variants) and name is not None and name not in found.body.options:
        analysis.file.report(
            declared.place, "value", f"no {found.name} is called '{name}'", f"one of {', '.join(found.body.options)}"
        )


def loop_names(value: Expression, analysis: "Analysis") -> Names:
    """The names that loops around a body give; what is wrong with loop and condition is reported."""
    names: Names = {}
    while isinstance(value, For | If):
        if isinstance(value, For):
            names = analysis.inference.loop(value, names)
        else:
            analysis.inference.kind(If(value.place, value.condition, Literal(value.place, None)), names)
        value = value.body
    return names


def _unknown_type(declared: ResourceDeclaration, analysis: "Analysis") -> None:
    name = full_type(declared).split("@")[0]
    known = versions(name)
    remedy = f"known here: {', '.join(known)}" if known else "add it to CHOSEN in tools/bicep/distil.py if Azure has it"
    what = "no such version of the type" if known else "no such resource type"
    analysis.file.report(declared.place, "resource-type", f"{what}: '{full_type(declared)}'", remedy)


def _slashes(name: Expression | None) -> int:
    """How many parents a name names."""
    if isinstance(name, Interpolated):
        return sum(part.count("/") for part in name.parts if isinstance(part, str))
    return str(name.value).count("/") if isinstance(name, Literal) else 0


def _parent(declared: ResourceDeclaration, analysis: "Analysis") -> None:
    """A child has a parent of the type before its last slash, or a name with as many parts as its type."""
    own = full_type(declared).split("@")[0]
    parent = declared.body.member("parent")
    name = _literal_name(declared)
    if parent is not None:
        given = analysis.inference.kind(parent, loop_names(declared.value, analysis))
        wanted = own.rsplit("/", 1)[0]
        if isinstance(given, Resource) and given.type.lower() != wanted.lower():
            analysis.file.report(
                parent.place, "parent", f"the parent of {own} is a {wanted}, not a {given.type or 'module'}"
            )
    elif declared.outer is None and not declared.existing and own.count("/") - 1 != _slashes(declared.first_name):
        analysis.file.report(
            declared.place, "parent", f"its name does not name the parents of a {own}", "give it a parent"
        )
    if (parent is not None or declared.outer is not None) and name is not None and "/" in name:
        analysis.file.report(declared.place, "parent", "the name of a child with a parent has no '/'")


def _scope(declared: ResourceDeclaration, found: ResourceType | None, analysis: "Analysis") -> None:
    scope = declared.body.member("scope")
    if declared.existing or found is None:
        return
    if scope is None:
        if (
            declared.outer is None
            and "parent" not in {item.key for item in declared.body.members}
            and not found.writable_at(analysis.file.scope)
        ):
            analysis.file.report(
                declared.place,
                "scope",
                f"a {found.name} cannot be deployed at {analysis.file.scope} scope",
                "put it into a module with that scope",
            )
    elif isinstance(analysis.inference.kind(scope, loop_names(declared.value, analysis)), Resource):
        if not found.writable_at("extension"):
            analysis.file.report(
                scope.place, "scope", f"a {found.name} cannot be put on another resource", "leave scope out"
            )
    else:
        analysis.file.report(
            scope.place, "scope", "a resource's scope is another resource", "use a module to deploy elsewhere"
        )


def check_depends_on(declared: ResourceDeclaration | ModuleDeclaration, analysis: "Analysis") -> None:
    listed = declared.body.member("dependsOn")
    for item in getattr(listed, "items", ()):
        given = analysis.inference.kind(item, loop_names(declared.value, analysis))
        if isinstance(item, Literal) or not isinstance(given, Resource | Sequence | Anything):
            analysis.file.report(item.place, "depends-on", "dependsOn lists resources and modules by their names")


def property_of(body: Object, *path: str) -> Expression | None:
    """The value at `path` within a body."""
    value: Expression | None = body
    for name in path:
        value = value.member(name) if isinstance(value, Object) else None
    return value
