"""The command as pipelines and developers run it, with jobs in the local workspace."""

import json
import os
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from quantum.__main__ import main
from quantum.catalogue import FOLDER
from quantum.errors import TargetRefused
from quantum.submitting import ALLOWED, check_target
from quantum_jobs.targets import KNOWN_TARGETS
from tests.cloud import REPOSITORY


def command(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "TF_"))}
    return subprocess.run(
        [sys.executable, "-m", "quantum", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=plain | (environment or {}),
    )


@pytest.mark.timeout(300)
def test_all_steps_pass_in_the_local_cloud_and_leave_their_artifacts(service, tmp_path):
    summary = tmp_path / "step.md"
    environment = service.environment | {"GITHUB_STEP_SUMMARY": str(summary), "TF_BUILD": "True"}
    out = tmp_path / "out"
    done = command("all", "--out", str(out), environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    suites = {suite.get("name"): suite for suite in ET.parse(out / "junit.xml").getroot()}  # noqa: S314 - our own file
    assert {name: suite.get("failures") for name, suite in suites.items()} == dict.fromkeys(
        ["compile", "estimate", "simulate", "submit"], "0"
    )
    assert {len(suite) for suite in suites.values()} == {6}
    assert len(list((out / "qir").glob("*.ll"))) == 8
    assert json.loads((out / "estimates.json").read_text()) == json.loads((FOLDER / "baseline.json").read_text())
    assert (out / "estimates.svg").read_text().count("<svg") == 1
    assert "| submit | grover | passed | rigetti.sim.qvm: success" in summary.read_text()
    assert f"##vso[task.uploadsummary]{out / 'summary.md'}" in done.stdout


@pytest.mark.timeout(300)
def test_a_program_that_got_worse_fails_where_it_did_and_the_others_pass(tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    shutil.copytree(FOLDER / "programs", tmp_path / "programs")
    shutil.copy(FOLDER / "baseline.json", tmp_path)
    shutil.copy(FOLDER / "budgets.json", tmp_path)
    grover = tmp_path / "programs/grover.qs"
    grover.write_text(grover.read_text().replace("for _ in 1..2", "for _ in 1..3"))
    options = ["--catalogue", str(tmp_path / "budgets.json"), "--out", str(tmp_path / "out")]
    before = (tmp_path / "baseline.json").read_bytes()
    assert main(["estimate", "bell", "grover", "--accept", *options]) == 1
    assert (tmp_path / "baseline.json").read_bytes() == before
    failures = {
        case.get("name"): case.find("failure")
        for case in ET.parse(tmp_path / "out/junit.xml").iter("testcase")  # noqa: S314 - our own file
    }
    assert failures["bell"] is None
    assert failures["grover"] is not None
    assert "over budget: " in str(failures["grover"].get("message"))
    assert main(["simulate", "bell", "grover", *options]) == 1
    assert "success in " in (tmp_path / "out/junit.xml").read_text()


def test_hardware_and_unknown_targets_are_refused_by_name():
    allowed = {name for name, target in KNOWN_TARGETS.items() if target.kind in ("simulator", "syntax-checker")}
    assert allowed == ALLOWED
    for name in [*(KNOWN_TARGETS.keys() - allowed), "ionq.qpu", "IONQ.SIMULATOR", "ionq.simulator ", ""]:
        with pytest.raises(TargetRefused, match="never to hardware"):
            check_target(name)


def test_a_submit_to_hardware_sends_nothing(service):
    service.reset()
    done = command("submit", "bell", "--target", "ionq.qpu.aria-1", environment=service.environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("quantum: ionq.qpu.aria-1 is refused")
    assert sum(service.counts().get("quantum", {}).values()) == 0


def test_without_a_workspace_the_error_says_what_to_set():
    done = command("submit", "bell", environment={"KEY_VAULT_URL": "", "STORAGE_ACCOUNT_NAME": ""})
    assert done.returncode == 3
    assert "KEY_VAULT_URL, STORAGE_ACCOUNT_NAME" in done.stderr
    assert "python -m local run" in done.stderr


def test_a_program_that_the_target_cannot_take_is_a_failed_case(service, tmp_path):
    environment = service.environment
    done = command(
        "submit", "phase_estimation", "--target", "ionq.simulator", "--out", str(tmp_path), environment=environment
    )
    assert done.returncode == 1
    assert "needs the adaptive profile, which ionq.simulator does not take" in done.stdout


def test_a_folder_that_cannot_be_written_and_a_spoilt_baseline_are_errors_not_traces(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["compile", "bell", "--out", str(tmp_path / "file/out")]) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
    shutil.copytree(FOLDER / "programs", tmp_path / "programs")
    shutil.copy(FOLDER / "budgets.json", tmp_path)
    (tmp_path / "baseline.json").write_text("{")
    options = ["--catalogue", str(tmp_path / "budgets.json"), "--out", str(tmp_path / "out")]
    assert main(["estimate", "bell", *options]) == 2
    assert "remove it and run `estimate --accept`" in capsys.readouterr().err


def test_help_names_each_command_and_each_exit_code():
    text = command("--help").stdout
    for word in (
        "compile",
        "estimate",
        "simulate",
        "submit",
        "all",
        "exit codes: 0",
        "--accept",
        "not verified on Azure",
    ):
        assert word in text
