"""What only a death at the wrong moment, or an outage, brings out."""

from . import Defect

POINTS, STORMS = "tests/faults/test_crash_points.py", "tests/faults/test_storms.py"
_SEND = "            await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)\n"
_UNSENT = (
    "        except ServiceUnavailable:\n"
    "            # Nobody comes for what is prepared; the caller is not kept waiting for its end.\n"
    "            self._withdrawing.add(task := asyncio.create_task(self._withdrawn(job, prepared)))\n"
    "            task.add_done_callback(self._withdrawing.discard)\n"
    "            raise\n"
)
_DEADLINE = "        not_after = self._dispatcher.deadline()\n        try:\n"
_PUT = "            await self._dispatcher.put(job, request.submission, not_after)\n"
_INSERT = "            kept = await self._inserted(job, request, account)\n"
MESSAGE_FIRST = f"        try:\n{_SEND}{_UNSENT}{_DEADLINE}{_INSERT}"
RECORD_FIRST = f"{_DEADLINE}{_INSERT}{_SEND}"
_SUCCESSOR = "        await self._queue.send(ShepherdMessage.about(stored.job, following), delay_seconds)\n"
_LOOP = (
    "        current: Stored | None = stored\n"
    "        while current is not None and current.job.sequence < following:\n"
    "            if await self._records.update(replace(current.job, sequence=following), current.etag):\n"
)
_TOMBSTONE = (
    "        await self._queue.send(ShepherdMessage.about(dead, dead.sequence), _ERASURE_LOOK_SECONDS)\n"
    "        return await self._records.update(dead, stored.etag) or await self._again(stored.job)\n"
)
_RESULT = "await self._blobs.put_result(job.owner, job.id, result_document(job, histograms, sets, raw, seen.ended))"

DEFECTS: dict[str, Defect] = {
    "record after the PUT": (
        "submitting.py",
        _INSERT,
        f"            await prepared\n{_PUT}{_INSERT}",
        POINTS,
    ),
    "message after the record": (
        "submitting.py",
        MESSAGE_FIRST,
        RECORD_FIRST,
        POINTS,
    ),
    "PUT before its input": (
        "submitting.py",
        "                await prepared\n",
        "",
        STORMS,
    ),
    "another id for each attempt sent": (
        "job_ids.py",
        'return str(uuid.uuid5(_PROVIDER_IDS, f"{job_id}/{attempt}"))',
        "return str(uuid.uuid4())",
        POINTS,
    ),
    "a sequence that nobody checks": (
        "shepherd.py",
        "if stored.job.sequence <= message.sequence:",
        "if True:",
        STORMS,
    ),
    "a message dropped because it is ahead of its record": (
        "shepherd.py",
        "if stored.job.sequence <= message.sequence:",
        "if stored.job.sequence == message.sequence:",
        "tests/test_shepherd.py",
    ),
    "the record moves on before the next message is sent": (
        "shepherd.py",
        _SUCCESSOR + _LOOP,
        f"{_LOOP}        {_SUCCESSOR}",
        POINTS,
    ),
    "an unknown failure of hardware is run again": (
        "retries.py",
        "known in _TRANSIENT or (simulator and known not in _FINAL)",
        "known not in _FINAL",
        POINTS,
    ),
    "a hold that outlives its job": (
        "budgets.py",
        "        held = _added(self.held, job.target, -job.cost_estimate.micros)\n",
        "        held = self.held\n",
        POINTS,
    ),
    "a result stored after `succeeded`": (
        "following.py",
        _RESULT,
        (
            '(__import__("asyncio").get_running_loop().call_later(5, __import__("asyncio").ensure_future, '
            f"{_RESULT.removeprefix('await ')}))"
        ),
        POINTS,
    ),
    "a tombstone before its message": (
        "changing.py",
        _TOMBSTONE,
        (
            "        written = await self._records.update(dead, stored.etag) or await self._again(stored.job)\n"
            "        await self._queue.send(ShepherdMessage.about(dead, dead.sequence), _ERASURE_LOOK_SECONDS)\n"
            "        return written\n"
        ),
        POINTS,
    ),
    "a repetition that is refused fails the job": (
        "dispatching.py",
        "            if await self._workspace.get(job.attempt.provider_job_id) is None:\n                raise\n",
        "            raise\n",
        POINTS,
    ),
    "an outage that uses up the deliveries": (
        "shepherd.py",
        "            await self._queue.send(message, _PART_DOWN_SECONDS)\n\n    async def _advance",
        "            raise\n\n    async def _advance",
        POINTS,
    ),
}
