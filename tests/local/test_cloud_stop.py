"""Taking the local cloud down."""

import asyncio
from pathlib import Path

import uvloop

from local.cloud import Cloud
from local.state import State


def test_a_part_that_hangs_or_fails_does_not_keep_the_others_up(tmp_path: Path) -> None:
    stopped = []

    async def hang() -> None:
        await asyncio.Event().wait()

    async def fail() -> None:
        raise OSError("out of order")

    async def end() -> None:
        stopped.append("ended")

    async def scene() -> None:
        cloud = Cloud(State(tmp_path), seconds_to_stop=0.05)
        cloud._first_stops.append(hang)
        cloud._stops += [fail, hang, end]
        await cloud.stop()

    uvloop.run(scene())
    assert stopped == ["ended"]
