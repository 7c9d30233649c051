import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.checkpoints import Checkpoint, CheckpointWriter, Entry
from quantum_jobs.errors import CheckpointMismatch, CheckpointTaken, CheckpointUnreadable
from quantum_jobs.results import Item, Result


class FakeStorage:
    """An append blob in memory."""

    def __init__(self) -> None:
        self.data = b""

    async def read(self, name):
        return self.data or None

    async def append(self, name, data, position):
        if position != len(self.data):
            raise CheckpointTaken
        self.data += data
        return len(self.data)

    async def drop(self, name):
        self.data = b""


def entry(number: int) -> Entry:
    return Entry(f"print{number}", Result((f"job_{number}",), "t", (), (Item({"0": number + 1}),)))


async def written(storage: FakeStorage, count: int, states: dict[int, object] | None = None) -> None:
    writer = CheckpointWriter(storage, "loop")
    checkpoint = await writer.load()
    await writer.begin(checkpoint)
    for number in range(len(checkpoint.entries), count):
        await writer.keep(checkpoint, number, entry(number))
        if number in (states or {}):
            await writer.keep_state(checkpoint, number + 1, (states or {})[number])


@given(st.integers(0, 6), st.data())
def test_whatever_was_written_last_the_lines_before_it_are_read(count, data):
    storage = FakeStorage()
    asyncio.run(written(storage, count))
    head = storage.data.index(b"\n") + 1
    cut = data.draw(st.integers(head, len(storage.data)))
    checkpoint = Checkpoint.read(storage.data[:cut])
    whole = storage.data[:cut].count(b"\n") - 1
    assert checkpoint.entries == {number: entry(number) for number in range(whole)}


@given(st.integers(1, 5), st.data())
def test_a_process_that_comes_after_one_that_died_while_writing_goes_on_cleanly(count, data):
    storage = FakeStorage()
    asyncio.run(written(storage, count))
    run = Checkpoint.read(storage.data).run
    head = storage.data.index(b"\n") + 1
    storage.data = storage.data[: data.draw(st.integers(head, len(storage.data)))]
    asyncio.run(written(storage, count + 1))
    checkpoint = Checkpoint.read(storage.data)
    assert checkpoint.entries == {number: entry(number) for number in range(count + 1)}
    assert checkpoint.run == run


def test_another_question_at_a_place_is_told_from_the_same():
    checkpoint = Checkpoint(entries={0: entry(0)})
    assert checkpoint.known(0, "print0") == entry(0).result
    assert checkpoint.known(1, "anything") is None
    with pytest.raises(CheckpointMismatch, match="Submit 0"):
        checkpoint.known(0, "print1")


def test_the_last_state_counts_with_its_place():
    storage = FakeStorage()
    asyncio.run(written(storage, 4, {1: {"x": 1}, 2: {"x": 2}}))
    checkpoint = Checkpoint.read(storage.data)
    assert (checkpoint.state, checkpoint.state_at) == ({"x": 2}, 3)


@pytest.mark.parametrize("damaged", [b"nonsense\n", b"{}\n", b'{"version": 1, "run": "r"}\n{"at": 1}\n', b"[1]\n"])
def test_what_is_no_checkpoint_is_refused_and_not_written_over(damaged):
    with pytest.raises(CheckpointUnreadable):
        Checkpoint.read(damaged)


def test_a_later_release_s_checkpoint_is_refused_by_its_number():
    with pytest.raises(CheckpointUnreadable, match="version 2"):
        Checkpoint.read(b'{"version": 2, "run": "r"}\n')


def test_what_is_no_json_is_no_state():
    async def run() -> None:
        writer = CheckpointWriter(FakeStorage(), "loop")
        checkpoint = await writer.load()
        await writer.begin(checkpoint)
        await writer.keep_state(checkpoint, 0, object())

    with pytest.raises(TypeError, match="JSON"):
        asyncio.run(run())
