"""What is looked up, checked and named."""

from . import Defect

DEFECTS: dict[str, Defect] = {
    "another id for each PUT": (
        "job_ids.py",
        'return str(uuid.uuid5(_PROVIDER_IDS, f"{job_id}/{attempt}"))',
        "return str(uuid.uuid4())",
        "tests/test_models.py",
    ),
    "ids in the order of age": (
        "job_ids.py",
        "inverted = (_LAST_MILLISECOND - milliseconds) << 2",
        "inverted = milliseconds << 2",
        "tests/test_models.py",
    ),
    "one owner for all tenants": (
        "models.py",
        'f"{self.tenant}\\0{self.subject}"',
        'f"{self.subject}"',
        "tests/test_models.py",
    ),
    "what is remembered of a job shown to all": (
        "service.py",
        "job, read_at = self._done.get((caller.owner, job_id), (None, -1e9))",
        "job, read_at = next((v for (_, j), v in self._done.items() if j == job_id), (None, -1e9))",
        "tests/test_service.py",
    ),
    "an ETag that never changes": (
        "models.py",
        'return f"r{self.revision}-{digest}"',
        'return "r1"',
        "tests/test_responses.py",
    ),
    "a target refused on an old word": (
        "offers.py",
        "if _refused(wanted, listed):",
        "if False:",
        "tests/test_offers.py",
    ),
    "a look at the workspace for each target refused": (
        "offers.py",
        "_NO_SECONDS = 2.0",
        "_NO_SECONDS = 0.0",
        "tests/test_offers.py",
    ),
    "one line for the requests of all owners": (
        "turns.py",
        "self._lines.setdefault((owner, reads), _Line(self._at_once))",
        'self._lines.setdefault(("", False), _Line(self._at_once))',
        "tests/test_turns.py",
    ),
    "a turn that is never given back": (
        "turns.py",
        "line.turns.release()",
        "pass",
        "tests/test_turns.py",
    ),
    "fewer connections kept than threads ask for": (
        "connections.py",
        "super().__init__(pool_maxsize=THREADS)",
        "super().__init__()",
        "tests/test_connections.py",
    ),
    "no bound on shots": (
        "targets.py",
        "if not target.min_shots <= shots <= target.max_shots:",
        "if False:",
        "tests/test_service.py",
    ),
    "no bound on qubits": (
        "targets.py",
        "    if needed > target.qubits:",
        "    if False:",
        "tests/test_service.py",
    ),
    "money rounded down": (
        "money.py",
        "to_integral_value(ROUND_HALF_UP)",
        "to_integral_value('ROUND_DOWN')",
        "tests/test_money.py",
    ),
    "everybody changes everybody's jobs": (
        "service.py",
        "_CHANGERS = frozenset({JOBS_ADMIN})",
        '_CHANGERS = frozenset({JOBS_ADMIN, "Jobs.Submit"})',
        "tests/test_changing.py",
        "tests/test_service.py",
        "tests/contract/test_state_machine.py",
    ),
    "a deleted job that is still there": (
        "service.py",
        ("        if stored is None or stored.job.deleted_at:\n            raise JobNotFound\n        return stored\n"),
        ("        if stored is None:\n            raise JobNotFound\n        return stored\n"),
        "tests/test_changing.py",
        "tests/contract/test_state_machine.py",
    ),
    "an upload taken as it is": (
        "uploading.py",
        "        if actual != expected:\n",
        "        if False:\n",
        "tests/test_uploading.py",
    ),
    "an upload larger than the service reads": (
        "uploading.py",
        "        if size > MAX_UPLOAD_BYTES:\n",
        "        if False:\n",
        "tests/test_uploading.py",
    ),
    "running turns back into queued": (
        "models.py",
        "    JobState.RUNNING: frozenset({JobState.SUCCEEDED,",
        "    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.SUCCEEDED,",
        "tests/test_models.py",
        "tests/test_service.py",
    ),
    "everybody reads everybody's jobs": (
        "service.py",
        "_READERS = frozenset({JOBS_READ_ALL, JOBS_ADMIN})",
        '_READERS = frozenset({JOBS_READ_ALL, JOBS_ADMIN, "Jobs.Submit"})',
        "tests/test_service.py",
        "tests/contract/test_state_machine.py",
    ),
    "infeasible called feasible": (
        "estimating.py",
        "            lambda: targets.check_shots(target, shots),\n",
        "",
        "tests/test_estimating.py",
    ),
}
