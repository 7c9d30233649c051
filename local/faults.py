"""Faults at the wire, on request: what a test asks for happens to the requests that match, and to no others.

A document for `PUT /control/faults`, which replaces the one before (an empty list of faults ends all of them, and
closes the connections that hang):

    {"seed": 7, "faults": [
        {"service": "blob", "method": "PUT", "path": "^/job-", "do": "hang", "when": "after", "next": 2},
        {"service": "azure_quantum", "do": "status", "status": 429, "retry_after": 3, "probability": 0.2}
    ]}

`service` is what `/control/counts` calls it; `method` and `path` (a regular expression, searched for in path and query)
may be left out. The first entry that matches and comes to pass is the one that happens: for the `next` so many requests
if that is given, with `probability` (1 unless given), drawn from `seed`. `when` is `before` the request has an effect
(the default), or `after`. What can be done:

    delay     answer `seconds` later
    hang      never answer
    reset     cut the connection
    status    answer with `status`, with `Retry-After: <retry_after>` where given; `code` is the error's own word
    truncate  cut the connection in the middle of the answer, always after the effect
    garble    answer 200 with what is not the service's language: `as` html, json (of another shape) or text
    skew      a `Date` that is `seconds` off, for the storage services; always after the effect
"""

import asyncio
import json
import random
import re
from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from local.errors import LocalCloudError

Service = Literal["identity", "managed_identity", "key_vault", "azure_quantum", "blob", "queue", "table"]
SERVICES = get_args(Service)
_STORAGE = frozenset({"blob", "queue", "table"})
_NEEDS = {"delay": "seconds", "skew": "seconds", "status": "status", "garble": "as"}
_MEMBERS = {"seconds": {"delay", "skew"}, "status": {"status"}, "retry_after": {"status"}, "code": {"status"}}
_GARBAGE = {
    "html": ("text/html", b"<html><body><h1>We will be back soon</h1></body></html>"),
    "json": ("application/json", b'["nothing", {"of": "the kind"}]'),
    "text": ("application/json", b'{"value": [{"id": "cut off he'),
}


class FaultsWrong(LocalCloudError):
    """A document of faults cannot be read; says which member is wrong."""


class Fault(BaseModel):
    """One entry: which requests, how often, what happens to them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    service: Service
    method: str | None = None
    path: str | None = None
    next: int | None = Field(default=None, ge=1)
    probability: float = Field(default=1.0, gt=0, le=1)
    when: Literal["before", "after"] = "before"
    do: Literal["delay", "hang", "reset", "status", "truncate", "garble", "skew"]
    seconds: float | None = Field(default=None, ge=-86_400, le=86_400)
    status: Literal[408, 429, 500, 502, 503, 504] | None = None
    retry_after: int | None = Field(default=None, ge=0)
    code: str | None = Field(default=None, min_length=1)
    garbage: Literal["html", "json", "text"] | None = Field(default=None, alias="as")

    @field_validator("path")
    @classmethod
    def _is_expression(cls, path: str | None) -> str | None:
        try:
            re.compile(path or "")
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return path

    @model_validator(mode="after")
    def _fits(self) -> "Fault":
        needed = _NEEDS.get(self.do)
        if needed and getattr(self, "garbage" if needed == "as" else needed) is None:
            raise ValueError(f"{self.do} needs {needed!r}")
        for member, deeds in _MEMBERS.items():
            if getattr(self, member) is not None and self.do not in deeds:
                raise ValueError(f"{member!r} is not for {self.do}")
        if self.garbage and self.do != "garble":
            raise ValueError(f"'as' is not for {self.do}")
        if self.do == "delay" and (self.seconds or 0) < 0:
            raise ValueError("a delay cannot be negative")
        if self.do == "skew" and self.service not in _STORAGE:
            raise ValueError("skew is for blob, queue and table")
        return self

    @property
    def after(self) -> bool:
        """Tell whether the request has its effect first."""
        return self.when == "after" or self.do in ("truncate", "skew")

    def concerns(self, service: str, method: str, target: str) -> bool:
        """Tell whether a request matches; `target` is its path with its query."""
        return (
            service == self.service
            and (self.method is None or method == self.method.upper())
            and (self.path is None or re.search(self.path, target) is not None)
        )

    def answer(self) -> tuple[int, str, bytes]:
        """Give status, media type and body of a `garble`; of a `status`, in the language of the services with JSON."""
        if self.garbage:
            return (200, *_GARBAGE[self.garbage])
        error = {"code": self.code or "InjectedFault", "message": "The local cloud was told to answer so."}
        return self.status or 500, "application/json", json.dumps({"error": error}).encode()


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seed: int = 0
    faults: list[Fault]


class Faults:
    """The faults in force, and how often each has happened; in one event loop."""

    def __init__(self) -> None:
        self._entries: Sequence[Fault] = ()
        self._left: list[int | None] = []
        self._happened: Tally[int] = Tally()
        self._draw = random.Random(0)
        self._ended = asyncio.Event()

    def follow(self, document: object) -> None:
        """Take a document in place of the one before; raises FaultsWrong, and then nothing changes."""
        try:
            wanted = _Document.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"])) or "the document"
            raise FaultsWrong(f"The faults are not valid: {where}: {first['msg']}.") from error
        self._entries, self._left = tuple(wanted.faults), [fault.next for fault in wanted.faults]
        self._happened.clear()
        self._draw = random.Random(wanted.seed)
        self._ended.set()
        self._ended = asyncio.Event()

    def document(self) -> dict[str, Any]:
        """Give the entries in force, each with how often it `happened`."""
        members = [fault.model_dump(by_alias=True, exclude_none=True) for fault in self._entries]
        return {"faults": [shown | {"happened": self._happened[place]} for place, shown in enumerate(members)]}

    def of(self, service: str, method: str, target: str) -> Fault | None:
        """Give what happens to a request, and count it; None where nothing does."""
        for place, fault in enumerate(self._entries):
            if self._left[place] != 0 and fault.concerns(service, method, target) and self._comes_to_pass(place, fault):
                self._happened[place] += 1
                return fault
        return None

    def _comes_to_pass(self, place: int, fault: Fault) -> bool:
        left = self._left[place]
        if fault.probability < 1 and self._draw.random() >= fault.probability:
            return False
        if left is not None:
            self._left[place] = left - 1
        return True

    async def ended(self) -> None:
        """Wait until the faults in force now are replaced."""
        await self._ended.wait()
