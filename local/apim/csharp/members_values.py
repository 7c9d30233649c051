"""Members of char, Guid and Uri."""

import uuid
from typing import Any
from urllib.parse import quote, unquote

from local.apim.csharp import numbers
from local.apim.csharp.failures import thrown
from local.apim.csharp.members_text import needed
from local.apim.csharp.signatures import members_of
from local.apim.csharp.texts import WHITE

_char = members_of("char")
_char.static("bool IsDigit(char c)", str.isdecimal)
_char.static("bool IsLetter(char c)", str.isalpha)
_char.static("bool IsLetterOrDigit(char c)", lambda one: one.isalpha() or one.isdecimal())
_char.static("bool IsWhiteSpace(char c)", lambda one: one in WHITE)
_char.static("bool IsUpper(char c)", str.isupper)
_char.static("bool IsLower(char c)", str.islower)

_guid = members_of("Guid")
_guid.static("Guid NewGuid()", uuid.uuid4)
_guid.constant("Guid Empty", uuid.UUID(int=0))
_guid.static(
    "bool TryParse(string input, out Guid result)", lambda text: _tried(numbers.try_guid(text), uuid.UUID(int=0))
)
_guid.static("Guid Parse(string input)", lambda text: _guid_of(needed(text, "input")))


def _guid_of(text: str) -> uuid.UUID:
    found = numbers.try_guid(text)
    if found is None:
        raise thrown("FormatException", "Unrecognized Guid format.")
    return found


def _tried(found: Any, default: Any) -> tuple[bool, Any]:
    return (False, default) if found is None else (True, found)


_uri = members_of("Uri")
_uri.static(
    "string EscapeDataString(string stringToEscape)", lambda text: quote(needed(text, "stringToEscape"), safe="-_.~")
)
_uri.static(
    "string UnescapeDataString(string stringToUnescape)", lambda text: unquote(needed(text, "stringToUnescape"))
)
