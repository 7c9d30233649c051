"""Breaks a copy of the local workspace, one defect at a time, and shows which everyday tests notice.

Run: `.venv/bin/python -m tests.referee.seeded_defects`. Ends with 1 if a defect goes unnoticed.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SUITES = "tests/local/"
STATES = "azure_quantum/test_states.py::test_any_operations_keep_states_sessions_lists_and_lines_right"


@dataclass(frozen=True)
class Defect:
    """A text that stands once in a file, what the defect puts there, and the tests that should mind."""

    name: str
    file: str
    right: str
    wrong: str
    suite: str


DEFECTS = (
    Defect(
        "ignored filter",
        "azure_quantum/listing.py",
        '[scope, *clauses(query.get("filter", ""))]',
        "[scope]",
        "azure_quantum/test_listing.py azure_quantum/test_filters.py",
    ),
    Defect("empty page", "azure_quantum/listing.py", "Page(found[:top],", "Page([],", "azure_quantum/test_listing.py"),
    Defect(
        "page without a link to the next",
        "azure_quantum/listing.py",
        "if more else None",
        "if not more else None",
        "azure_quantum/test_listing.py",
    ),
    Defect(
        "frozen session",
        "azure_quantum/sessions.py",
        "if self.closed is not None and not is_running:",
        "if self.closed is not None and is_running:",
        "azure_quantum/test_sessions.py",
    ),
    Defect(
        "zero results",
        "execution/run.py",
        'if request.semantics == "zeros":\n        program = _classical_part',
        'if request.semantics != "zeros":\n        program = _classical_part',
        "execution/test_results.py execution/test_qir.py",
    ),
    Defect(
        "wrong bit order of IonQ's results",
        "execution/run.py",
        "bit << position for position, bit in enumerate(bits)",
        "bit << position for position, bit in enumerate(reversed(bits))",
        "execution/test_ionq.py execution/test_results.py",
    ),
    Defect(
        "wrong bit order of Microsoft's results",
        "execution/results.py",
        "return [_outcome(item) for item in value] if",
        "return [_outcome(item) for item in reversed(value)] if",
        "execution/test_results.py",
    ),
    Defect(
        "wrong bit order of Quantinuum's results",
        "execution/readouts.py",
        "for bit in reversed(row)",
        "for bit in row",
        "execution/test_readouts.py",
    ),
    Defect(
        "wrong bit order of Rigetti's results",
        "execution/readouts.py",
        "_by_register(registers, batch, seed, json.dumps)",
        "_by_register(registers, batch, seed, lambda row: json.dumps(row[::-1]))",
        "execution/test_readouts.py",
    ),
    Defect(
        "registers in the wrong order",
        "execution/readouts.py",
        "for name, column in zip(registers, columns, strict=True)",
        "for name, column in zip(registers, reversed(columns), strict=True)",
        "execution/test_readouts.py",
    ),
    Defect(
        "no noise",
        "azure_quantum/lifecycle.py",
        "noise=target.noise,",
        "noise={},",
        "azure_quantum/test_provider_formats.py",
    ),
    Defect("swapped gates", "execution/qir_gates.py", '"cnot": "cx"', '"cnot": "cz"', "execution/test_qir.py"),
    Defect(
        "adjoints left out",
        "execution/qir_gates.py",
        "inverse(made) if self.is_inverse else made",
        "made",
        "execution/test_qir.py",
    ),
    Defect(
        "lost shots",
        "execution/run.py",
        'if request.semantics != "expected":\n        return Outcomes(list(simulator.sample(request.shots)',
        'if request.semantics != "expected":\n        return Outcomes(list(simulator.sample(request.shots - 1)',
        "execution/test_results.py azure_quantum/test_jobs.py azure_quantum/test_sdk.py",
    ),
    Defect(
        "wrong link to the next page",
        "azure_quantum/listing.py",
        "_next_link(request, top, skip + top)",
        "_next_link(request, top, skip)",
        "azure_quantum/test_listing.py::test_the_link_is_absolute_and_holds_the_whole_query",
    ),
    Defect(
        "signatures in the answer to a PUT",
        "azure_quantum/responses.py",
        "signed=False)\n        if is_new:",
        "signed=True)\n        if is_new:",
        "azure_quantum/test_contract.py::test_the_answer_to_a_put_is_unsigned_and_whole",
    ),
    Defect(
        "lost error code",
        "azure_quantum/lifecycle.py",
        '{"code": code, "message": message} if code',
        '{"code": "RuntimeError", "message": message} if code',
        "azure_quantum/test_script.py",
    ),
    Defect(
        "priority ignored",
        "azure_quantum/queues.py",
        'RANKS[job.request.priority or "Standard"]',
        'RANKS["Standard"]',
        "azure_quantum/test_queues.py",
    ),
    Defect(
        "change of priority ignored",
        "azure_quantum/workspace.py",
        "self.lifecycle.reorder(job)",
        "self.lifecycle.reorder",
        "azure_quantum/test_queues.py",
    ),
    Defect(
        "places of a device ignored",
        "azure_quantum/queues.py",
        "while self._waiting and len(self._running) < self.capacity:",
        "while self._waiting:",
        "azure_quantum/test_queues.py",
    ),
    Defect(
        "holds that are never let go",
        "azure_quantum/quotas.py",
        "self._holds[provider_id, dimension] -= amount",
        "self._holds[provider_id, dimension] -= 0",
        "azure_quantum/test_quotas.py",
    ),
    Defect(
        "quotas not enforced",
        "azure_quantum/jobs.py",
        "if self.enforces_quotas:",
        "if not self.enforces_quotas:",
        "azure_quantum/test_quotas.py",
    ),
    Defect(
        "deleted job still listed",
        "azure_quantum/items.py",
        '"DELETE FROM items WHERE position = ?"',
        '"SELECT ?"',
        f"azure_quantum/test_restart.py::test_jobs_and_sessions_outlive_a_stop {STATES}",
    ),
    Defect(
        "session that forgets its failure in a restart",
        "azure_quantum/sessions.py",
        'own["past"] = Past(**own.get("past", {}))',
        'own["past"] = Past()',
        "azure_quantum/test_restart.py",
    ),
    Defect(
        "bill overwritten after a restart",
        "azure_quantum/workspace.py",
        "self.items.reserve(position)",
        "self.items.reserve(0)",
        "azure_quantum/test_restart.py",
    ),
    Defect(
        "jobs of a session oldest first",
        "azure_quantum/responses.py",
        "newest_first=True",
        "newest_first=False",
        "azure_quantum/test_sessions.py",
    ),
    Defect(
        "status word of the other kind",
        "azure_quantum/models.py",
        '"Succeeded": "Completed"',
        '"Succeeded": "Succeeded"',
        "azure_quantum/test_jobs.py::test_a_v2_workspace_says_queued_and_completed",
    ),
    Defect(
        "disabled keys admitted",
        "azure_quantum/authentication.py",
        "or not self.keys_enabled",
        'or self.keys_enabled == ""',
        "azure_quantum/test_script.py::test_keys_can_be_disabled",
    ),
    Defect(
        "another definition under the same id",
        "azure_quantum/jobs.py",
        "if present.fingerprint != fingerprint:",
        "if not fingerprint:",
        "azure_quantum/test_contract.py::test_conflicts_are_409",
    ),
    Defect(
        "session that takes jobs after its end",
        "azure_quantum/sessions.py",
        "if session.closed is not None or session.state in TERMINAL:",
        "if session.closed is not None:",
        "azure_quantum/test_sessions.py",
    ),
)


def plant(defect: Defect, folder: Path) -> None:
    """Put a defect into a copy.

    Raises:
        ValueError: its place is not there, or not once: the code has changed and the defect must follow.
    """
    file = folder / "local" / defect.file
    text = file.read_text()
    if text.count(defect.right) != 1:
        raise ValueError(f"{defect.name}: {defect.right!r} stands {text.count(defect.right)} times in {file.name}")
    file.write_text(text.replace(defect.right, defect.wrong))


def copy(folder: Path) -> None:
    """Copy what the everyday tests of the local workspace need."""
    for name in ("local", "quantum_jobs", "tests"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("function_app.py", "host.json", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / "node_modules").symlink_to(REPOSITORY / "node_modules")


def failures(folder: Path, suite: str) -> list[str]:
    """Run tests in a copy up to the first that fails; give the names of those that fail, none if all pass."""
    files = [SUITES + name for name in suite.split()]
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR ")) and "::" in line]
    return [line.split("::")[-1].split(" - ")[0] for line in lines]


def main(names: list[str]) -> int:
    """Plant one defect after the other and print what noticed it."""
    chosen = [defect for defect in DEFECTS if not names or defect.name in names]
    with tempfile.TemporaryDirectory(prefix="seeded-defect-") as name:
        copy(Path(name))
        found = failures(Path(name), " ".join(dict.fromkeys(" ".join(defect.suite for defect in chosen).split())))
    if found:
        print(f"without a defect the tests fail already: {', '.join(found)}")
        return 2
    unnoticed = 0
    for defect in chosen:
        with tempfile.TemporaryDirectory(prefix="seeded-defect-") as name:
            copy(Path(name))
            plant(defect, Path(name))
            noticed = failures(Path(name), defect.suite)
        unnoticed += not noticed
        print(f"{defect.name:<40} {defect.file:<28} {', '.join(noticed) or 'NOT NOTICED'}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
