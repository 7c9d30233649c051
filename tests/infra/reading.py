"""Values out of infra/, read by the checker's own reader."""

from pathlib import Path

from tools.bicep.declarations import File, read_file
from tools.bicep.nodes import Call, Expression, Literal, Object, walk

ROOT = Path(__file__).parents[2]


def module(name: str) -> File:
    return read_file(ROOT / "infra" / "modules" / f"{name}.bicep")


def resource(name: str, symbol: str) -> Object:
    """The body of a resource."""
    return next(item.body for item in module(name).resources() if item.name == symbol)


def keys(node: Expression | None) -> set[str]:
    assert isinstance(node, Object)
    return {item.key for item in node.members if item.key is not None}


def loaded(name: str) -> list[Path]:
    """Every file that a module loads, as often as it does."""
    file = module(name)
    roots = [value for item in file.declarations for value in vars(item).values() if isinstance(value, Expression)]
    calls = [node for root in roots for node in walk(root) if isinstance(node, Call) and node.name.startswith("load")]
    paths = [call.arguments[0] for call in calls]
    return [(file.path.parent / str(path.value)).resolve() for path in paths if isinstance(path, Literal)]
