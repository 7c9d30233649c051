"""Every single name of a property in infra/ counts: misspelt, it is told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from tools.bicep import reading
from tools.bicep.project import Project

ROOT = Path(__file__).parents[2]
# Maps in which any name may stand: settings, and documents that Azure takes as text. Tests of tests/infra hold them.
OPEN = {
    ("functions.bicep", "appsettings"),
    ("gateway_api.bicep", "credentials"),
    ("workbook.bicep", "serializedData"),
    ("workspace_entry.bicep", "value"),
}
_WITHIN = ("resource_declaration", "module_declaration")


def _names(node: Node) -> Iterator[Node]:
    """The keys of all objects within resources and modules."""
    for child in node.named_children:
        if child.type == "object_property" and (key := reading.named(child)[0]).type == "identifier":
            yield key
        yield from _names(child)


def _around(node: Node | None) -> Iterator[str]:
    """What a key stands in: the keys and names around it."""
    while node is not None:
        if node.type == "object_property":
            yield reading.text(reading.named(node)[0])
        if node.type == "resource_declaration" and b"'appsettings'" in (node.text or b""):
            yield "appsettings"
        node = node.parent


@pytest.mark.long
def test_a_misspelt_name_is_told(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    (tmp_path / "apim").symlink_to(ROOT / "apim")
    tried, missed = 0, []
    for path in sorted((tmp_path / "infra").rglob("*.bicep")):
        source = path.read_bytes()
        for declared in reading.parse(source).named_children:
            for key in _names(declared) if declared.type in _WITHIN else ():
                tried += 1
                path.write_bytes(source[: key.end_byte] + b"X" + source[key.end_byte :])
                analysis = Project().analysis(path)
                analysis.check()
                if not analysis.file.findings and not OPEN & {(path.name, word) for word in _around(key)}:
                    missed.append((path.name, key.start_point.row + 1, reading.text(key)))
        path.write_bytes(source)
    assert tried > 500
    assert missed == []
