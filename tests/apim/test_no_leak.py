"""What the gateway keeps is seen by nobody else: any callers, operations, states of the cache, in any order."""

import shutil

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from local.apim.lint.rules import findings
from tests.apim.callers_of_jobs import CallersOfJobs
from tests.apim.deployed import TREE
from tests.cloud import REPOSITORY

JOB, RESULT = (f"apis/quantum-jobs/operations/{name}/policy.xml" for name in ("get-job", "get-result"))
KEY = '(string)context.Variables["callerView"]'
TO_BACKEND = '<include-fragment fragment-id="to-backend" />'
SHARED = (
    '<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" allow-private-response-caching="true">'
    "<vary-by-header>Authorization</vary-by-header></cache-lookup>"
)
SPOOFABLE = '<set-header name="X-Caller-Id" exists-action="delete" />'
WRITTEN = '<set-header name="X-Caller-Id" exists-action="override">'

# What somebody might write: file, what stands there, what stands there then; and the rules that say so.
DEFECTS = {
    "a status is kept under a key without the caller": ([(JOB, f"{KEY} + ", '"" + ')], {"caller-in-key"}),
    "a result is kept under a key without the caller": ([(RESULT, f"{KEY} + ", '"" + ')], {"caller-in-key"}),
    "a caller says who he is": (
        [("policy.xml", SPOOFABLE, ""), ("apis/quantum-jobs/policy.xml", WRITTEN, WRITTEN.replace("override", "skip"))],
        {"spoofable"},
    ),
    "responses vary by the token, which is the gateway's by then": (
        [
            (JOB, TO_BACKEND, TO_BACKEND + SHARED),
            (JOB, "<outbound>\n    <base />", '<outbound>\n    <base /><cache-store duration="60" />'),
        ],
        {"vary-by-authorization", "hand-off-last", "shared-cache"},
    ),
    "a stale copy is kept for an hour": ([(JOB, '["freshSeconds"] + 30)', '["freshSeconds"] + 3600)')], set()),
    "a deleted result stays": (
        [("apis/quantum-jobs/operations/delete-job/policy.xml", '"result:v1:"', '"result:v2:"')],
        {"removed-key-known"},
    ),
}


def search(tree, examples, **options):
    machine = type("Callers", (CallersOfJobs,), {"tree": tree})
    chosen = settings(
        max_examples=examples, stateful_step_count=40, deadline=None, database=None, derandomize=True, **options
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_nobody_is_given_what_another_was_answered_nor_anything_too_old():
    search(TREE, 40)


@pytest.mark.long
def test_nobody_is_given_what_another_was_answered_in_a_long_search():
    search(TREE, 2_000)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_tree_with_a_leak_is_found_by_the_search_and_by_the_rules(tmp_path, name):
    changes, rules = DEFECTS[name]
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    tree = shutil.copytree(TREE, tmp_path / "apim")
    for file, old, new in changes:
        text = (tree / file).read_text()
        assert old in text, f"{file} has no {old}"
        (tree / file).write_text(text.replace(old, new, 1))
    assert rules <= {finding.rule for finding in findings(tree)}
    with pytest.raises(AssertionError):
        search(
            tree, 200, phases=[Phase.generate], report_multiple_bugs=False
        )  # that there is one is enough, the shortest is not looked for
