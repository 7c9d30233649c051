"""Bytes of unknown origin, read from the front: no count in them is believed before the bytes are there."""

import struct
from typing import Any


class Malformed(Exception):
    """The bytes are not what the format says."""


class Stream:
    """A position in bytes."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = memoryview(data)
        self._next = 0

    def take(self, size: int) -> memoryview:
        """Read so many bytes, without a copy: circuits in circuits must not be held once for each depth.

        Raises:
            Malformed: there are fewer.
        """
        if size > len(self._data) - self._next:
            raise Malformed(f"it ends at byte {len(self._data):,}, within a part of {size:,} bytes")
        start, self._next = self._next, self._next + size
        return self._data[start : self._next]

    def unpack(self, form: str) -> tuple[Any, ...]:
        """Read numbers by a form of the `struct` module, the high byte first."""
        return struct.unpack(f"!{form}", self.take(struct.calcsize(f"!{form}")))

    def text(self, size: int) -> str:
        """Read a text.

        Raises:
            Malformed: not UTF-8.
        """
        try:
            return str(self.take(size), "utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("a name is not UTF-8") from error

    def seek(self, place: int) -> None:
        """Go to a byte.

        Raises:
            Malformed: it lies behind, or beyond the end.
        """
        if not self._next <= place <= len(self._data):
            raise Malformed("the circuit is not where the file says")
        self._next = place
