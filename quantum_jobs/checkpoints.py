"""What a loop has done so far, line by line: which submit was asked for at which place, and what it gave.

The first line names the run: keys of jobs are made of it, so that a process that is started again asks for the same
jobs and never for second ones. Every other line is a result, or a state that the application keeps for itself.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from quantum_jobs.errors import CheckpointMismatch, CheckpointUnreadable
from quantum_jobs.results import Result, read_result

if TYPE_CHECKING:
    from quantum_jobs.checkpoint_storage import CheckpointStorage

_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """What was asked for, as a fingerprint, and what it gave."""

    fingerprint: str
    result: Result


@dataclass
class Checkpoint:
    """A loop's past: entries by place from 0, the last state that was kept and the place it was kept at."""

    run: str = field(default_factory=lambda: str(uuid.uuid4()))
    entries: dict[int, Entry] = field(default_factory=dict)
    state: Any = None
    state_at: int = 0
    size: int = 0
    """Bytes in the store, whole lines only: where the next line goes."""
    torn: bool = False
    """The last line is half a line: whoever wrote it died."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a checkpoint; half a line at the end is left out.

        Raises:
            CheckpointUnreadable: it is something else, or was written by a later release.
        """
        lines = data.split(b"\n")
        checkpoint = cls(size=len(data), torn=bool(lines[-1]))
        try:
            head = json.loads(lines[0])
            if head["version"] != _VERSION:
                raise CheckpointUnreadable(
                    f"The checkpoint has version {head['version']}; this release reads {_VERSION}."
                )
            checkpoint.run = str(head["run"])
            for line in lines[1:-1]:
                checkpoint._take(line)
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointUnreadable(f"The checkpoint is damaged: {error!r}.") from error
        return checkpoint

    def _take(self, line: bytes) -> None:
        try:
            members = json.loads(line)
        except ValueError:
            return  # half a line that a later process has ended
        if "state" in members:
            self.state, self.state_at = members["state"], members["at"]
        else:
            result = read_result(json.dumps(members["result"]).encode())
            self.entries[members["at"]] = Entry(members["fingerprint"], result)

    def known(self, place: int, fingerprint: str) -> Result | None:
        """Give what was got at a place; None when the loop has not come so far.

        Raises:
            CheckpointMismatch: something else was asked for there.
        """
        entry = self.entries.get(place)
        if entry is None:
            return None
        if entry.fingerprint != fingerprint:
            raise other_program(place)
        return entry.result


def other_program(place: int) -> CheckpointMismatch:
    """Make the error for a loop that asks for something else than it did at a place."""
    return CheckpointMismatch(
        f"Submit {place} of this loop asked for something else before: program, target, shots, parameters or options "
        "differ. Run the program that began the loop, or start anew: fresh=True."
    )


class CheckpointWriter:
    """Adds to a checkpoint in the store, a line at a time."""

    def __init__(self, storage: CheckpointStorage, name: str) -> None:
        self._storage = storage
        self._name = name

    async def load(self) -> Checkpoint:
        """Give the checkpoint, a new one where there is none.

        Raises:
            CheckpointUnreadable: it is damaged.
            ServiceUnavailable: the store does not answer.
        """
        data = await self._storage.read(self._name)
        return Checkpoint.read(data) if data else Checkpoint()

    async def erase(self) -> None:
        """Forget all.

        Raises:
            ServiceUnavailable: the store does not answer.
        """
        await self._storage.drop(self._name)

    async def begin(self, checkpoint: Checkpoint) -> None:
        """Make the checkpoint durable before the first job, so that its keys are known to who comes after.

        Raises:
            CheckpointTaken: another process was faster.
            ServiceUnavailable: the store does not answer.
        """
        if checkpoint.size == 0:
            await self._add(checkpoint, {"version": _VERSION, "run": checkpoint.run})

    async def keep(self, checkpoint: Checkpoint, place: int, entry: Entry) -> None:
        """Add a result.

        Raises:
            CheckpointTaken, ServiceUnavailable: as `begin`.
        """
        result = json.loads(entry.result.as_bytes())
        await self._add(checkpoint, {"at": place, "fingerprint": entry.fingerprint, "result": result})
        checkpoint.entries[place] = entry

    async def keep_state(self, checkpoint: Checkpoint, place: int, state: Any) -> None:
        """Add a state, JSON.

        Raises:
            TypeError: it is no JSON.
            CheckpointTaken, ServiceUnavailable: as `begin`.
        """
        await self._add(checkpoint, {"at": place, "state": state})
        checkpoint.state, checkpoint.state_at = state, place

    async def _add(self, checkpoint: Checkpoint, members: dict[str, Any]) -> None:
        line = (b"\n" if checkpoint.torn else b"") + json.dumps(members, separators=(",", ":")).encode() + b"\n"
        checkpoint.size = await self._storage.append(self._name, line, checkpoint.size)
        checkpoint.torn = False
