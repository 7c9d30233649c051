"""What a shot puts into its output, in order."""

from collections.abc import Callable, Iterable, Mapping

from local.execution.program import Number, Operation, RecordGroup, RecordResult, RecordValue

type Entry = RecordGroup | tuple[str, Number]
"""An item of the output: an opened array or tuple, or (kind, value) of a leaf."""
type Record = tuple[Entry, ...]


def recorded(output: Iterable[Operation], bits: Mapping[int, int]) -> Record:
    """Give the output of shots whose results have these bits; a result never measured is 0."""
    reader: dict[type, Callable[..., Entry]] = {
        RecordGroup: lambda entry: entry,
        RecordValue: lambda entry: (entry.kind, entry.value),
        RecordResult: lambda entry: ("result", bits.get(entry.result, 0)),
    }
    return tuple(reader[type(entry)](entry) for entry in output)
