"""Every table of members, and `ToString` of each type."""

from local.apim.csharp import (  # noqa: F401 each fills its part of the table
    members_context,
    members_json,
    members_numbers,
    members_sequences,
    members_text,
    members_times,
    members_values,
    texts,
    types,
)
from local.apim.csharp.signatures import members_of

for _type in (*types.NUMBERS, types.BOOL, types.CHAR, types.GUID, types.TIME_SPAN, types.STRING):
    members_of(str(_type)).method("string ToString()", texts.to_string(_type))
for _name in sorted(types.ENUMS):
    members_of(_name).method("string ToString()", str)
for _type in (*types.NUMBERS, types.DATE_TIME, types.DATE_TIME_OFFSET, types.TIME_SPAN, types.GUID):
    members_of(str(_type)).method(
        "string ToString(string format)", lambda form, type_=_type: texts.formatted(type_, form), literal=True
    )
members_of("object").method("string ToString()", texts.object_text)

_nullable = members_of("Nullable<T>")
_nullable.property("bool HasValue", lambda value: value is not None)
