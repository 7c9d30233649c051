"""Policy documents: XML with the line of every element, and nothing that a policy document does not have."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from local.apim.errors import Place, PolicyRefused

_NAMED_VALUE = re.compile(r"\{\{([^{}]*)\}\}")
_LARGEST_BYTES = 256 * 1024  # of a policy document (facts: service limits); fragments may have 512 KiB


@dataclass(frozen=True, slots=True)
class Element:
    """An element with all of its own text; comments are gone."""

    name: str
    attributes: Mapping[str, str]
    place: Place
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> "Element | None":
        """Give the first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self) -> Iterator["Element"]:
        """Give this element and everything below it, in the order of the document."""
        yield self
        for child in self.children:
            yield from child.all()


def read_document(file: Path, shown: Path, *, largest_bytes: int = _LARGEST_BYTES) -> Element:
    """Read a policy document; `shown` is how it is called in messages.

    Raises:
        PolicyRefused: too large, not well-formed, or with a document type.
    """
    octets = file.read_bytes()
    if len(octets) > largest_bytes:
        reason = f"it has {len(octets)} bytes; API Management takes {largest_bytes} at most"
        raise PolicyRefused(Place(shown, 1), reason)
    return _Reader(shown).read(octets)


class _Reader:
    """Builds elements from expat's events: expat tells the line where a tag begins, other parsers where it ends."""

    def __init__(self, shown: Path) -> None:
        self._file = shown
        self._open: list[tuple[str, dict[str, str], Place, list[Element], list[str]]] = []
        self._root: Element | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, octets: bytes) -> Element:
        try:
            self._parser.Parse(octets, True)
        except expat.ExpatError as error:
            said = expat.ErrorString(error.code)
            raise PolicyRefused(Place(self._file, error.lineno), f"not well-formed XML: {said}") from None
        if self._root is None:
            raise PolicyRefused(Place(self._file, 1), "not well-formed XML: it has no element")
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        place = Place(self._file, self._parser.CurrentLineNumber, f"<{name}>")
        self._open.append((name, attributes, place, [], []))

    def _end(self, _name: str) -> None:
        name, attributes, place, children, texts = self._open.pop()
        done = Element(name, attributes, place, children, "".join(texts))
        if self._open:
            self._open[-1][3].append(done)
        else:
            self._root = done

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][4].append(text)

    def _doctype(self, *_: object) -> None:
        place = Place(self._file, self._parser.CurrentLineNumber)
        raise PolicyRefused(place, "a policy document has no document type and no entities of its own")


def with_named_values(element: Element, values: Mapping[str, str]) -> Element:
    """Give the element with every `{{name}}` replaced, in attributes and texts, as deep as it goes.

    Raises:
        PolicyRefused: a name that is none of the named values.
    """

    def replaced(text: str, place: Place) -> str:
        if "{{" not in text:
            return text
        return _NAMED_VALUE.sub(lambda match: _value(match[1].strip(), values, place), text)

    return Element(
        element.name,
        {name: replaced(value, element.place.at(name)) for name, value in element.attributes.items()},
        element.place,
        [with_named_values(child, values) for child in element.children],
        replaced(element.text, element.place),
    )


def _value(name: str, values: Mapping[str, str], place: Place) -> str:
    if name not in values:
        known = ", ".join(sorted(values)) or "none"
        raise PolicyRefused(place, f"no named value is called {name!r}; there are {known}")
    return values[name]
