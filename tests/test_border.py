"""The border: how long a call may take, what is repeated, what becomes of errors; parts do not hold each other up."""

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError, ServiceResponseError

from quantum_jobs import border, retries
from quantum_jobs.border import Door, caller_waiting
from quantum_jobs.errors import JobNotFound, ServiceUnavailable


def answered(status, retry_after=None):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    error = HttpResponseError("refused")
    error.status_code, error.response = status, SimpleNamespace(status_code=status, headers=headers)
    return error


def called(*outcomes):
    """Call through a door what raises or gives one outcome after the other; gives the answer and what is left."""
    left = list(outcomes)

    def work():
        outcome = left.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    async def through():
        door = Door("The part")
        try:
            return await door.call(work), left
        except ServiceUnavailable as error:
            return error, left
        finally:
            door.close()

    return asyncio.run(through())


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_a_busy_part_answers_is_asked_once_more(status):
    assert called(answered(status), "yes", "again") == ("yes", ["again"])
    error, left = called(answered(status), answered(status), "yes")
    assert (error.slug, left) == ("service-unavailable", ["yes"])


def test_a_part_that_was_not_reached_is_tried_once_more():
    assert called(ServiceRequestError("no connection"), "yes") == ("yes", [])


@pytest.mark.parametrize("error", [answered(403), answered(400), ResourceNotFoundError("none"), TimeoutError()])
def test_what_repeating_does_not_mend_is_not_repeated(error):
    assert called(error, "yes")[1] == ["yes"]


def test_a_part_that_did_not_answer_in_time_is_not_asked_again():
    """The caller's time is spent, and the shepherd comes again."""
    assert called(ServiceResponseError("read timed out"), "yes")[1] == ["yes"]


@pytest.mark.parametrize(("said", "told"), [("7", "7"), ("3600", "300"), ("soon", "5"), (None, "5")])
def test_a_throttling_part_is_obeyed_and_its_wish_passed_on_within_bounds(said, told):
    outcomes = [answered(429, said)] * 2
    error, _ = called(*outcomes)
    assert error.headers["Retry-After"] == told


def test_no_pause_of_a_part_is_slept_through_while_a_caller_waits():
    assert retries.pause_before_repeat(429, 60) is None
    assert retries.pause_before_repeat(503, 1) == 1
    assert retries.pause_before_repeat(None, None) is None


@pytest.mark.parametrize("lie", [json.JSONDecodeError("no", "<html>", 0), KeyError("value"), AttributeError("id")])
def test_an_answer_that_cannot_be_read_is_no_answer(lie):
    error, _ = called(lie)
    assert error.detail.startswith("The part does not answer.")


def test_errors_with_a_meaning_of_their_own_pass():
    async def through():
        def work():
            raise JobNotFound

        await Door("The part").call(work)

    with pytest.raises(JobNotFound):
        asyncio.run(through())


def test_a_caller_is_answered_in_time_whatever_hangs():
    over = threading.Event()

    async def through():
        door = Door("The part")
        with caller_waiting(0.1):
            for _ in range(3):  # the time is for all calls together
                with pytest.raises(ServiceUnavailable):
                    await door.call(lambda: over.wait(30))
        over.set()
        door.close()

    began = time.monotonic()
    asyncio.run(through())
    assert time.monotonic() - began < 10


def test_a_part_that_hangs_holds_no_threads_of_another():
    over = threading.Event()

    async def through():
        stuck, well = Door("The stuck part", threads=2), Door("The other part")
        hanging = [asyncio.create_task(stuck.call(lambda: over.wait(30))) for _ in range(50)]
        await asyncio.sleep(0)
        answer = await well.call(lambda: "well")
        over.set()
        await asyncio.gather(*hanging)
        stuck.close()
        well.close()
        return answer

    assert asyncio.run(through()) == "well"


def test_work_that_waited_for_a_thread_in_vain_is_never_begun():
    over, begun = threading.Event(), []

    async def through():
        door = Door("The part", threads=1)
        first = asyncio.create_task(door.call(lambda: over.wait(30)))
        await asyncio.sleep(0.01)
        with caller_waiting(0.05), pytest.raises(ServiceUnavailable):
            await door.call(lambda: begun.append(1))
        over.set()
        await first
        await door.call(lambda: None)
        door.close()

    asyncio.run(through())
    assert begun == []


def test_nothing_is_begun_for_a_caller_who_does_not_wait_any_more():
    begun = []

    async def through():
        door = Door("The part")
        with caller_waiting(0), pytest.raises(ServiceUnavailable):
            await door.call(lambda: begun.append(1))
        await door.call(lambda: None)
        door.close()

    asyncio.run(through())
    assert begun == []


def test_the_sum_of_what_a_caller_waits_for_is_less_than_ten_seconds():
    assert border.CALLER_SECONDS < 10
    assert border.CONNECT_SECONDS + border.READ_SECONDS <= border.CALLER_SECONDS
