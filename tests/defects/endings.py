"""What happens to jobs that end without the provider's last word, and to results whose time is over."""

from . import Defect

POINTS, STORMS = "tests/faults/test_crash_points.py", "tests/faults/test_storms.py"
SETTLING = "tests/test_settling.py"

DEFECTS: dict[str, Defect] = {
    "the run of a job that is given up goes on": (
        "settling.py",
        "            await self._cancelled(job)\n",
        "            pass\n",
        SETTLING,
    ),
    "a hold that ends with its job, whatever runs": (
        "following.py",
        "unsettled = None if seen is not None or job.attempt.state.done else job.attempt.state",
        "unsettled = None",
        POINTS,
    ),
    "a hold that nobody asks about any more": (
        "waiting.py",
        "    if job.unsettled is None or waited > SETTLING_SECONDS:\n",
        "    if True:\n",
        POINTS,
    ),
    "a result that was paid for and thrown away": (
        "settling.py",
        "has_result = not job.deleted_at and await self._captured(job, seen)",
        "has_result = False",
        SETTLING,
    ),
    "a result that comes back after its job was deleted": (
        "settling.py",
        "has_result = not job.deleted_at and await self._captured(job, seen)",
        "has_result = await self._captured(job, seen)",
        SETTLING,
    ),
    "a lost job followed for ever": (
        "following.py",
        "    if seconds_since(job.missing_since, moment) <= LOST_SECONDS:\n",
        "    if True:\n",
        SETTLING,
    ),
    "a job that is lost at the second look": (
        "following.py",
        "    if seconds_since(job.missing_since, moment) <= LOST_SECONDS:\n",
        "    if False:\n",
        SETTLING,
    ),
    "a job that was there again and is lost all the same": (
        "following.py",
        "found = replace(job, missing_since=None)",
        "found = job",
        SETTLING,
    ),
    "a job not visible yet that counts as lost": (
        "following.py",
        "    if job.attempt.state == JobState.ACCEPTED:\n        due",
        "    if job.attempt.state == JobState.ACCEPTED and job.state == JobState.CANCELLING:\n        due",
        SETTLING,
    ),
    "a lost job sent again": (
        "shepherd.py",
        "return stored if known or job.attempt.state != JobState.ACCEPTED else await self._dispatched(stored)",
        "return stored if known else await self._dispatched(stored)",
        SETTLING,
    ),
    "a lost run that counts as never run": (
        "settling.py",
        "return job.unsettled == JobState.ACCEPTED and waited > NEVER_RAN_SECONDS",
        "return waited > NEVER_RAN_SECONDS",
        SETTLING,
    ),
    "a run that was never seen costs nothing at once": (
        "settling.py",
        "return job.unsettled == JobState.ACCEPTED and waited > NEVER_RAN_SECONDS",
        "return job.unsettled == JobState.ACCEPTED",
        POINTS,
    ),
    "a run that appears after its job's end runs on": (
        "settling.py",
        "        await self._workspace.cancel(job.attempt.provider_job_id)\n        found",
        "        found",
        POINTS,
    ),
    "an attempt sent however late": (
        "azure_quantum.py",
        "            if self._clock() > not_after:\n",
        "            if False:\n",
        "tests/test_workspace_calls.py",
    ),
    "an attempt sent on an old word": (
        "shepherd.py",
        "if current is None or current.etag != stored.etag:",
        "if current is None:",
        SETTLING,
    ),
    "a cancel that is final while somebody may still be sending": (
        "waiting.py",
        "DISPATCH_DUE_SECONDS = 2 * SEND_SECONDS",
        "DISPATCH_DUE_SECONDS = 0.5 * SEND_SECONDS",
        SETTLING,
    ),
    "a record before its uploaded program": (
        "submitting.py",
        "            await self._dispatcher.keep(job, uploaded)\n",
        '            __import__("asyncio").get_running_loop().call_later(5, print)\n',
        "tests/test_uploading.py",
    ),
    "a result erased before its time": (
        "shepherd.py",
        "        if left > timedelta(0):\n",
        "        if False:\n",
        STORMS,
    ),
    "a result whose time is over and that stays": (
        "shepherd.py",
        "            await expire(stored, self._records, self._blobs)\n",
        "            pass\n",
        STORMS,
    ),
    "a result erased and its record silent": (
        "shepherd.py",
        "    while current is not None and not current.job.expired_at:\n",
        "    while False:\n",
        STORMS,
    ),
    "the input of a run that may go on erased": (
        "retention.py",
        "timedelta(seconds=SETTLING_SECONDS) if job.unsettled else timedelta(0)",
        "timedelta(0)",
        "tests/test_retention.py",
    ),
    "a refusal that fails a job whose other PUT was taken": (
        "submitting.py",
        "if stored is None or stored.job.state.done or stored.job.attempt.state != JobState.ACCEPTED:",
        "if stored is None or stored.job.state.done:",
        "tests/test_service.py",
    ),
    "a cancel that is refused keeps its job from being followed": (
        "azure_quantum.py",
        "if error.status_code not in {204, 409, *_FINAL_STATUSES}:",
        "if error.status_code != 204:",
        "tests/test_workspace_calls.py",
    ),
    "work begun for a caller who has gone": (
        "border.py",
        "            if (seconds := _seconds()) <= 0:\n",
        "            if (seconds := _seconds()) < -1e9:\n",
        "tests/test_border.py",
    ),
    "a hold that the doctor takes for spent": (
        "findings.py",
        "is_settled = job.state.done and not job.unsettled",
        "is_settled = job.state.done",
        "tests/test_findings.py",
    ),
}
