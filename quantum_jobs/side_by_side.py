"""Calls made at the same time, each in a thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

MOST_AT_ONCE = 8


def side_by_side[T](calls: Sequence[Callable[[], T]], done: list[T]) -> list[T]:
    """Make calls, a few at a time, and give their results in order; `done` gets what came, also where a call raises.

    Raises:
        Exception: that of the first call in order that raised; calls that had not begun by then are not made.
    """

    def made(call: Callable[[], T]) -> T:
        result = call()
        done.append(result)
        return result

    with ThreadPoolExecutor(min(len(calls), MOST_AT_ONCE)) as pool:
        futures = [pool.submit(made, call) for call in calls]
        wait(futures, return_when=FIRST_EXCEPTION)
        pool.shutdown(cancel_futures=True)
    for future in futures:
        if not future.cancelled() and (error := future.exception()):
            raise error
    return [future.result() for future in futures]
