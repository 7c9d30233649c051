"""Defects put into a copy of the service on purpose: the tests must find each."""

import shutil
import subprocess
import sys

import pytest

from .cloud import REPOSITORY

SERVICE = "tests/test_service.py"
SHEPHERD = "tests/test_shepherd.py"
REQUESTS = "tests/test_requests.py"
DEFECTS = {
    "bits the other way round": (
        "histograms.py",
        "parts.append(bits[start : start + register.size][::-1])",
        "parts.append(bits[start : start + register.size])",
        "tests/test_histograms.py",
    ),
    "registers the other way round": (
        "histograms.py",
        'return " ".join(reversed(parts))',
        'return " ".join(parts)',
        "tests/test_histograms.py",
    ),
    "failed shots counted": (
        "histograms.py",
        'if isinstance(entry["Outcome"], dict) and "Error" in entry["Outcome"]:',
        "if False:",
        "tests/test_histograms.py",
    ),
    "record before its message": (
        "service.py",
        (
            "        await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)\n"
            "        kept = await self._records.insert(job, request.program)\n"
        ),
        (
            "        kept = await self._records.insert(job, request.program)\n"
            "        await self._queue.send(ShepherdMessage.about(job, job.sequence), FIRST_LOOK_SECONDS)\n"
        ),
        SERVICE,
    ),
    "another body under a used key": (
        "service.py",
        "if kept.fingerprint != request.fingerprint:",
        "if False:",
        SERVICE,
    ),
    "a lost dispatch answered with an error": (
        "service.py",
        "except (ServiceUnavailable, TimeoutError):\n            # The job",
        "except TimeoutError:\n            # The job",
        SERVICE,
    ),
    "succeeded before the result is stored": (
        "following.py",
        "        await self._blobs.put_result(job.owner, job.id, document)\n",
        "",
        SERVICE,
    ),
    "a provider's cancel shown as the caller's": (
        "following.py",
        "if state == JobState.CANCELLED and job.state != JobState.CANCELLING:",
        "if False:",
        SERVICE,
    ),
    "another id for each PUT": (
        "models.py",
        'return str(uuid.uuid5(_PROVIDER_IDS, f"{job_id}/{attempt}"))',
        "return str(uuid.uuid4())",
        "tests/test_models.py",
    ),
    "ids in the order of age": (
        "models.py",
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
        SERVICE,
    ),
    "duplicate messages handled": (
        "shepherd.py",
        "elif not stored.job.state.done and stored.job.sequence == message.sequence:",
        "elif not stored.job.state.done:",
        SHEPHERD,
    ),
    "a message dropped while its record is written": (
        "shepherd.py",
        "            await self._wait_for_record(message)\n",
        "            return\n",
        SHEPHERD,
    ),
    "an undispatched job left alone": (
        "shepherd.py",
        "        return await self._dispatched(stored)\n",
        "        return stored\n",
        SHEPHERD,
    ),
    "headers believed from anybody": (
        "requests.py",
        "if gateway.subject != self._gateway:",
        "if False:",
        REQUESTS,
    ),
    "any text taken for a job's id": ("requests.py", "    if not is_job_id(given):\n", "    if False:\n", REQUESTS),
    "roles not looked at": ("requests.py", "if not caller.roles & operation.roles:", "if False:", REQUESTS),
    "unknown members let in": ("requests.py", 'extra="forbid"', 'extra="ignore"', REQUESTS),
    "unknown query parameters let in": ("requests.py", "    if unknown:\n", "    if False:\n", REQUESTS),
    "audience not checked": (
        "identity.py",
        "                audience=self._audiences,\n",
        "",
        "tests/test_identity.py",
    ),
    "any algorithm of signature": (
        "identity.py",
        'algorithms=["RS256"]',
        'algorithms=["RS256", "HS256", "none"]',
        "tests/test_identity.py",
    ),
    "an inner error shown to the caller": (
        "responses.py",
        "answer = problem(QuantumJobsError(), request_id, base_url())",
        "answer = problem(QuantumJobsError(str(sys.exc_info()[1])), request_id, base_url())",
        "tests/test_responses.py",
    ),
    "an ETag that never changes": (
        "responses.py",
        'headers = {"ETag": f\'"r{job.revision}-{digest}"\'',
        'headers = {"ETag": \'"r1"\'',
        "tests/test_responses.py",
    ),
    "no bound on shots": (
        "targets.py",
        "if not target.min_shots <= shots <= target.max_shots:",
        "if False:",
        SERVICE,
    ),
    "no bound on qubits": ("targets.py", "if resources.qubits > target.qubits:", "if False:", SERVICE),
}


@pytest.mark.long
@pytest.mark.parametrize("defect", DEFECTS)
def test_the_tests_find_a_defect_put_in_on_purpose(defect, tmp_path):
    file, right, wrong, tests = DEFECTS[defect]
    for name in ("quantum_jobs", "local", "tests", "function_app.py", "pyproject.toml", "local.settings.json.example"):
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, tmp_path / name)
    target = tmp_path / "quantum_jobs" / file
    text = target.read_text()
    assert text.count(right) == 1, f"the line to spoil is not there once: {right}"
    spoiled = text.replace(right, wrong)
    target.write_text(
        spoiled if "sys." not in wrong else spoiled.replace("import uuid\n", "import sys\nimport uuid\n", 1)
    )
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", tests]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"no test noticed: {defect}\n{done.stdout[-2000:]}"
