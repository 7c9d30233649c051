"""What happens to jobs and money."""

from . import Defect
from .crashes import MESSAGE_FIRST, RECORD_FIRST

DEFECTS: dict[str, Defect] = {
    "record before its message": (
        "submitting.py",
        MESSAGE_FIRST,
        RECORD_FIRST,
        "tests/test_service.py",
    ),
    "another body under a used key": (
        "submitting.py",
        "    if kept.fingerprint != request.fingerprint or kept.deleted_at:",
        "    if kept.deleted_at:",
        "tests/test_service.py",
    ),
    "a lost dispatch answered with an error": (
        "submitting.py",
        ("except (ServiceUnavailable, TimeoutError):\n            # The job"),
        ("except TimeoutError:\n            # The job"),
        "tests/test_service.py",
    ),
    "succeeded before the result is stored": (
        "following.py",
        (
            "        await self._blobs.put_result(job.owner, job.id, result_document(job, "
            "histograms, sets, raw, seen.ended))\n"
        ),
        "",
        "tests/test_service.py",
    ),
    "a provider's cancel shown as the caller's": (
        "following.py",
        "    if job.cancellation is None:\n",
        "    if False:\n",
        "tests/test_service.py",
    ),
    "duplicate messages handled": (
        "shepherd.py",
        "if stored.job.sequence <= message.sequence:",
        "if True:",
        "tests/test_shepherd.py",
    ),
    "a message dropped while its record is written": (
        "shepherd.py",
        "            return await self._wait_for_record(message)\n",
        "            return None\n",
        "tests/test_shepherd.py",
    ),
    "an undispatched job left alone": (
        "shepherd.py",
        "return stored if known or job.attempt.state != JobState.ACCEPTED else await self._dispatched(stored)",
        "return stored",
        "tests/test_shepherd.py",
    ),
    "a budget that counts what is used and not what is held": (
        "budgets.py",
        "used + held + cost.micros > limit",
        "used + cost.micros > limit",
        "tests/test_budgets.py",
    ),
    "a budget of a target that nobody looks at": (
        "budgets.py",
        "(target, allowance.targets.get(target))",
        "(target, None)",
        "tests/test_budgets.py",
    ),
    "a hold that is never released": (
        "budgets.py",
        "        held = _added(self.held, job.target, -job.cost_estimate.micros)\n",
        "        held = self.held\n",
        "tests/contract/test_state_machine.py",
    ),
    "a bill that is not used": (
        "budgets.py",
        "used=_added(self.used, job.target, cost)",
        "used=self.used",
        "tests/test_budgets.py",
    ),
    "a month that ends a month late": (
        "budgets.py",
        "(first.year, first.month + 1)",
        "(first.year, first.month + 2)",
        "tests/test_budgets.py",
    ),
    "an account settled by the estimate though there is a bill": (
        "following.py",
        "cost = changed.cost_actual.micros if changed.cost_actual else changed.cost_estimate.micros",
        "cost = changed.cost_estimate.micros",
        "tests/test_budgets.py",
    ),
    "an account that is not settled": (
        "following.py",
        "if _is_settled(changed) and not _is_settled(stored.job) and _costs(changed):",
        "if False:",
        "tests/test_budgets.py",
    ),
    "a final failure tried again": (
        "following.py",
        ("if job.state == JobState.CANCELLING or not retries.is_transient(seen.error_code, job.simulator):"),
        "if job.state == JobState.CANCELLING:",
        "tests/test_service.py",
    ),
    "a failure of hardware nobody has seen tried again": (
        "retries.py",
        "known in _TRANSIENT or (simulator and known not in _FINAL)",
        "known not in _FINAL",
        "tests/test_retries.py",
    ),
    "one attempt too many": (
        "retries.py",
        "if made >= job.limits.max_attempts",
        "if made > job.limits.max_attempts",
        "tests/test_retries.py",
    ),
    "attempts past the cost that was allowed": (
        "retries.py",
        " or (job.limits.max_cost and billed > job.limits.max_cost.micros)",
        "",
        "tests/test_retries.py",
    ),
    "an attempt after the deadline": (
        "retries.py",
        "return None if job.limits.start_by and at > job.limits.start_by else at",
        "return at",
        "tests/test_retries.py",
    ),
    "attempts at once": (
        "retries.py",
        "random.uniform(0, longest)",
        "0.0",
        "tests/test_retries.py",
    ),
    "a cancel of a job that has ended": (
        "changing.py",
        ("            if job.state.done:\n                raise JobAlreadyDone(job.state)\n"),
        ("            if job.state.done:\n                return job\n"),
        "tests/test_changing.py",
    ),
    "a job deleted while it runs": (
        "changing.py",
        ("            if not stored.job.state.done:\n                raise JobNotDone(stored.job.state)\n"),
        "",
        "tests/test_changing.py",
    ),
    "If-Match not looked at": (
        "changing.py",
        "    if tag is not None and tag.strip()",
        "    if False and tag.strip()",
        "tests/test_changing.py",
    ),
    "a name that outlives its job": (
        "changing.py",
        ("        name=None,\n        tags={},\n"),
        "",
        "tests/test_changing.py",
    ),
    "a change without a revision": (
        "changing.py",
        "return replace(changed, revision=job.revision + 1) if changed != job else job",
        "return changed",
        "tests/test_changing.py",
    ),
    "a cost limit that nobody looks at": (
        "submitting.py",
        "if limits.max_cost is not None and cost.micros > limits.max_cost.micros:",
        "if False:",
        "tests/test_budgets.py",
    ),
    "a past deadline accepted": (
        "submitting.py",
        "if limits.start_by is not None and limits.start_by <= timestamp(now()):",
        "if False:",
        "tests/test_submitting.py",
    ),
    "a result of any age given again": (
        "submitting.py",
        ("        if seconds_since(earlier.completed_at, now()) > most_seconds:\n            return None\n"),
        "",
        "tests/test_submitting.py",
    ),
    "a result given again for another seed": (
        "submitting.py",
        "(request.target, request.shots, request.seed, request.submission.provider_options)",
        "(request.target, request.shots, request.submission.provider_options)",
        "tests/test_submitting.py",
    ),
    "a failed request that keeps its provider's input": (
        "submitting.py",
        ("            await self._withdrawn(job, prepared)\n            raise\n"),
        "            raise\n",
        "tests/test_budgets.py",
    ),
    "a used key forgotten when the request is refused now": (
        "submitting.py",
        ("            if kept is None:\n                raise\n            made, replayed"),
        "            raise\n            made, replayed",
        "tests/test_submitting.py",
    ),
    "an attempt that failed unseen makes the job unreadable": (
        "following.py",
        "    if job.state == JobState.RETRYING:\n",
        "    if False:\n",
        "tests/test_retries.py",
    ),
}
