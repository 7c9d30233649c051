"""Rules of modules: the file, what it is given, what it gives, where it is deployed."""

from pathlib import Path
from typing import TYPE_CHECKING

from tools.bicep.declarations import ModuleDeclaration
from tools.bicep.functions import SCOPE_FUNCTIONS
from tools.bicep.kinds import ANY, ARRAY, TEXT, Member, Resource, Thing
from tools.bicep.nodes import Call, Expression
from tools.bicep.resources import check_depends_on, loop_names

if TYPE_CHECKING:
    from tools.bicep.analysis import Analysis


def _target(declared: ModuleDeclaration, analysis: "Analysis") -> "Analysis | None":
    path = analysis.file.path.parent / declared.source
    return analysis.library.analysis(path) if _is_bicep(path) else None


def _is_bicep(path: Path) -> bool:
    return path.suffix == ".bicep" and path.is_file()


def kind(declared: ModuleDeclaration, analysis: "Analysis") -> Resource:
    """What other expressions see of a module: its name and outputs."""
    target = _target(declared, analysis)
    outputs = Thing(f"outputs of {declared.source}", target.outputs() if target else {}, None if target else ANY)
    return Resource(
        f"module {declared.name}", {"name": Member(lambda: TEXT, at_start=True), "outputs": Member(lambda: outputs)}
    )


def check(declared: ModuleDeclaration, analysis: "Analysis") -> None:
    """Report what is wrong with a module's use."""
    target = _target(declared, analysis)
    if target is None:
        remedy = (
            "registries cannot be looked at from here; write a module of your own" if ":" in declared.source else ""
        )
        analysis.file.report(declared.place, "module-file", f"there is no Bicep file {declared.source}", remedy)
    parameters = target.parameters() if target else {}
    wanted = Thing(f"{declared.source}", parameters, None if target else ANY)
    needed = any(item.required for item in parameters.values())
    members = {
        "name": Member(lambda: TEXT),
        "scope": Member(lambda: ANY),
        "dependsOn": Member(lambda: ARRAY),
        "params": Member(lambda: wanted, required=needed),
    }
    analysis.checker.members(declared.body, members, None, "a module", loop_names(declared.value, analysis))
    check_depends_on(declared, analysis)
    if target is not None:
        _scope(declared, target.file.scope, analysis)
        if analysis.file.path.resolve() in _reached(target):
            analysis.file.report(declared.place, "cycle", f"{declared.source} uses this file itself")


def _reached(start: "Analysis") -> set[Path]:
    """The files that a file uses, and those that they use."""
    seen: set[Path] = set()
    waiting = [start.file.path.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in seen and _is_bicep(path):
            seen.add(path)
            used = start.library.analysis(path).file.of(ModuleDeclaration).values()
            waiting += [(path.parent / item.source).resolve() for item in used]
    return seen


def _scope(declared: ModuleDeclaration, wanted: str, analysis: "Analysis") -> None:
    scope = declared.body.member("scope")
    given = analysis.file.scope if scope is None else scope_of(scope, analysis, declared)
    if given is not None and given != wanted:
        where = scope.place if scope is not None else declared.place
        analysis.file.report(where, "scope", f"{declared.source} is for {wanted} scope, here it is deployed at {given}")


def scope_of(node: Expression, analysis: "Analysis", declared: ModuleDeclaration) -> str | None:
    """The scope that an expression means; None where it cannot be told."""
    if isinstance(node, Call) and node.name in SCOPE_FUNCTIONS:
        return node.name
    found = analysis.inference.kind(node, loop_names(declared.value, analysis))
    if not isinstance(found, Resource):
        return None if found == ANY else found.shown()
    return "resourceGroup" if found.type == "Microsoft.Resources/resourceGroups" else found.type or "a module"
