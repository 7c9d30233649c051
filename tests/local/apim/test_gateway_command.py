"""The gateway's own command: what it checks, what it refuses to start, and how it ends."""

import shutil
import subprocess
import sys

import httpx
import pytest

from local.apim.deployment import LIMITS, NAMED_VALUES
from tests.cloud import REPOSITORY
from tests.local.apim.gateway_trees import policies, tree

COMMAND = [sys.executable, "-m", "local.apim"]


def run(*arguments):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_check_says_what_the_tree_holds_and_that_it_runs():
    done = run("--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"1 API, {len(list((REPOSITORY / 'apim').glob('apis/*/operations/*')))} operations" in done.stdout
    assert "every one runs here as deployed (tier basic-v2)" in done.stdout


def test_a_check_for_a_tier_names_every_policy_that_it_does_not_have():
    done = run("--check", "--tier", "consumption")
    faults = [line for line in done.stderr.splitlines() if line.startswith("error: apim/")]
    assert (done.returncode, done.stdout) == (1, "")
    assert len(faults) > 10
    # Who includes a fragment is not read where what stands before it is refused.
    reasons = ("the tier consumption does not have this policy", "nothing includes the fragment")
    assert all(any(reason in fault for reason in reasons) for fault in faults)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the named value 'entra-tenant-id' is to be set at deployment"),
        (("--check", "--named-value", "nothing=1"), "'nothing' is overridden, and there is no such named value"),
        (("--check", "--tree", "nowhere"), "there is no such folder of artifacts"),
        (("--named-value", "nothing"), "'nothing' is not NAME=VALUE"),
        (("--tier", "free"), "invalid choice: 'free'"),
    ],
)
def test_what_cannot_run_is_said_and_not_started(arguments, said):
    done = run(*arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backend_that_the_tree_has_not_is_refused():
    pairs = [part for name, value in NAMED_VALUES.items() for part in ("--named-value", f"{name}={value}")]
    done = run("--backend", "elsewhere=http://127.0.0.1:1", *pairs)
    assert (done.returncode, done.stderr.strip()) == (
        1,
        "error: No single backend is called 'elsewhere'; there are: functions.",
    )


def test_it_serves_a_tree_and_ends_with_its_parent(tmp_path):
    root = tree(tmp_path, api=policies("<return-response><set-body>here</set-body></return-response>"))
    command = [*COMMAND, "--tree", str(root), "--stop-with-parent"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=REPOSITORY, text=True, **pipes) as process:
        url = process.stdout.readline().split()[1]
        assert httpx.get(f"{url}/quantum/v1/things/1", trust_env=False).text == "here"
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_cloud_whose_policies_are_refused_says_why_and_does_not_come_up(tmp_path):
    command = [
        sys.executable,
        "-m",
        "local",
        "run",
        "--state",
        str(tmp_path),
        "--named-value",
        "no-such=1",
        "--",
        "true",
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "'no-such' is overridden, and there is no such named value" in done.stderr


def test_the_limits_that_can_be_lifted_are_those_of_the_tree():
    named = {folder.name for folder in (REPOSITORY / "apim" / "named values").iterdir()}
    assert set(LIMITS) == {name for name in named if name.endswith("-per-minute")}


def test_nothing_of_the_tree_is_left_behind(tmp_path):
    copy = shutil.copytree(REPOSITORY / "apim", tmp_path / "apim")
    before = sorted(path for path in copy.rglob("*"))
    run("--check", "--tree", str(copy))
    assert sorted(path for path in copy.rglob("*")) == before
