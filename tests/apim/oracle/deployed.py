"""Every expression of the policies in `apim/`, with the C# type that its place wants."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from .compiler import Case

APIM = Path(__file__).parents[3] / "apim"
BOOL, INT = (
    {"condition", "increment-condition"},
    {"calls", "renewal-period", "increment-count", "duration", "count", "interval"},
)


def _wanted(tag: str, attribute: str) -> str:
    if attribute in BOOL:
        return "bool"
    if attribute in INT:
        return "int"
    if (tag, attribute) == ("set-status", "code"):
        return "int"
    return "object" if (tag, attribute) == ("set-variable", "value") else "string"


def _named_values() -> dict[str, str]:
    told = (json.loads(file.read_text())["properties"] for file in APIM.glob("named values/*/*.json"))
    return {one["displayName"]: one["value"] for one in told}


def _of_document(path: Path, named: dict[str, str]) -> Iterator[Case]:
    for element in ET.parse(path).iter():  # noqa: S314 our own files
        places = [*element.attrib.items(), ("", element.text or "")]
        for attribute, text in places:
            if text.strip().startswith("@"):
                plain = re.sub(r"\{\{([\w-]+)\}\}", lambda found: named[found[1]], text.strip())
                yield Case(plain, _wanted(element.tag, attribute))


def deployed_expressions() -> list[Case]:
    """Give each expression once, with the named values in it."""
    named = _named_values()
    documents = sorted(APIM.rglob("*.xml"))
    return list(dict.fromkeys(case for document in documents for case in _of_document(document, named)))
