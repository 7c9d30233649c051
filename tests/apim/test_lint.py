"""The rules for the gateway's artifacts: the tree keeps them all, and each finds the defect that it is there for."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from local.apim.lint.rules import RULES, findings
from tests.cloud import REPOSITORY

TREE = REPOSITORY / "apim"
OPERATIONS = "apis/quantum-jobs/operations"
GLOBAL, API = "policy.xml", "apis/quantum-jobs/policy.xml"
TO_BACKEND = '<include-fragment fragment-id="to-backend" />'
DIAGNOSTICS = "apis/quantum-jobs/diagnostics/applicationinsights/diagnosticInformation.json"
BACKEND = "backends/functions/backendInformation.json"
KEY = '(string)context.Variables["callerView"]'


def of(operation):
    return f"{OPERATIONS}/{operation}/policy.xml"


def fragment(name):
    return f"policy fragments/{name}/policy.xml"


def value(name):
    return f"named values/{name}/namedValueInformation.json"


@pytest.fixture
def tree(tmp_path):
    """A copy of the tree, beside the tests that its comments name."""
    (tmp_path / "tests").symlink_to(REPOSITORY / "tests")
    shutil.copytree(TREE, tmp_path / "apim")
    return tmp_path / "apim"


def change(tree, file, old, new):
    text = (tree / file).read_text()
    assert old in text, f"{file} has no {old}"
    (tree / file).write_text(text.replace(old, new, 1))


def test_the_tree_keeps_every_rule():
    assert [str(finding) for finding in findings(TREE)] == []


# Rule, file, what stands there, what somebody might have written.
DEFECTS = [
    ("artifacts", of("get-usage"), "</inbound>", "</inbounds>"),
    ("artifacts", of("get-usage"), "<base />", '<base /><set-variable name="x" value="{{no-such-value}}" />'),
    ("base", of("get-usage"), "<outbound>\n    <base />\n", "<outbound>\n"),
    ("base", of("get-usage"), "  <on-error>\n    <base />\n  </on-error>\n", ""),
    ("base", of("get-usage"), "<inbound>\n    <base />", "<inbound>\n    <base />\n    <base />"),
    ("base-first", of("get-result"), "    <base />\n", '    <set-body>@("")</set-body>\n    <base />\n'),
    ("one-in-backend", of("get-usage"), "<backend>", '<backend>\n    <set-variable name="a" value="b" />'),
    ("hand-off-in-fragment", of("get-usage"), TO_BACKEND, f'<set-backend-service base-url="x" />{TO_BACKEND}'),
    ("hand-off-in-fragment", API, "<base />", '<authentication-managed-identity resource="x" /><base />'),
    ("hand-off-last", of("list-targets"), "<cache-lookup ", f"{TO_BACKEND}\n    <cache-lookup "),
    ("hand-off-last", of("get-usage"), f"    {TO_BACKEND}\n", ""),
    ("hand-off-last", of("list-jobs"), TO_BACKEND, f'{TO_BACKEND}\n    <set-variable name="late" value="x" />'),
    ("hand-off-there-only", API, "  </inbound>", f"    {TO_BACKEND}\n  </inbound>"),
    ("head-comment", of("get-usage"), "  Why:", "  Because"),
    ("head-comment", of("get-usage"), ".py\n-->", "_that_is_not_there.py\n-->"),
    ("nested-fragment", fragment("to-backend"), "<fragment>", f"<fragment>{TO_BACKEND}"),
    ("cors-first", API, "<inbound>", '<inbound>\n    <set-variable name="a" value="b" />'),
    ("forward-bounded", GLOBAL, 'timeout="60" ', ""),
    ("forward-bounded", GLOBAL, 'follow-redirects="false"', 'follow-redirects="true"'),
    ("shared-cache", of("get-usage"), TO_BACKEND, f"<cache-lookup /> {TO_BACKEND}"),
    ("shared-cache", API, "<base />", "<base /><cache-lookup />"),
    (
        "vary-by-authorization",
        of("list-targets"),
        "<vary-by-header>Accept",
        "<vary-by-header>authorization</vary-by-header><vary-by-header>Accept",
    ),
    (
        "vary-by-parameters",
        of("list-targets"),
        "      <vary-by-query-parameter>minQubits</vary-by-query-parameter>\n",
        "",
    ),
    ("caller-in-key", of("get-job"), f'"job:v1:" + {KEY} + ":" + ', '"job:v1:" + '),
    ("caller-in-key", of("get-result"), KEY, '(string)context.Variables["caller"]'),
    ("caller-in-key", of("delete-job"), f'"result:v1:" + {KEY} + ":" + ', '"result:v1:" + '),
    ("removed-key-known", of("cancel-job"), '"job:v1:"', '"job:v2:"'),
    ("removed-key-known", of("delete-job"), '":csv"', '".csv"'),
    (
        "value-cache-once",
        of("get-job"),
        "    <cache-lookup-value ",
        f"""    <cache-lookup-value key='@({KEY})' default-value="" variable-name="x" />\n    <cache-lookup-value """,
    ),
    (
        "value-cache-once",
        of("cancel-job"),
        "    <cache-remove-value key='@((string)context.Variables[\"jobKey\"])'",
        '    <cache-store-value key=\'@((string)context.Variables["jobKey"])\' duration="1" value=""',
    ),
    (
        "value-cache-once",
        fragment("if-none-match"),
        "<fragment>",
        f"""<fragment><cache-lookup-value key='@({KEY})' default-value="" variable-name="x" />""",
    ),
    ("lookup-default", of("get-job"), ' default-value=""', ""),
    ("limit-id", API, 'id="limit-caller" ', ""),
    ("limit-id", of("list-jobs"), 'id="limit-list"', 'id="limit-caller"'),
    ("limit-purpose", of("list-jobs"), '"list:" + ', ""),
    ("limit-key-reused", of("list-jobs"), '"list:"', '"submit:"'),
    ("limit-retry-after", of("list-jobs"), ' retry-after-variable-name="retryAfter"', ""),
    ("token-checked", API, "<otherwise>", "<otherwise><choose><when condition='@(false)'>"),
    ("audience-pinned", API, "<audiences>", "<audience-list>"),
    ("anonymous", API, ' || context.Operation.Id == "get-error"', ""),
    ("anonymous", API, '"get-error"', '"get-usage"'),
    ("roles", of("cancel-job"), '    <include-fragment fragment-id="require-submit" />\n', ""),
    ("roles", of("get-usage"), TO_BACKEND, f'<include-fragment fragment-id="require-submit" />{TO_BACKEND}'),
    ("spoofable", GLOBAL, '    <set-header name="X-Caller-Id" exists-action="delete" />\n', ""),
    ("plain-path", of("any-path-post"), '    <include-fragment fragment-id="plain-path" />\n', ""),
    ("body-checked", of("submit-job"), 'max-size="102400"', 'max-size="1024"'),
    ("body-checked", of("submit-job"), 'name="accepts" value="application/json"', 'name="accepts" value="text/plain"'),
    ("body-checked", of("patch-job"), '<content type="application/json"', '<content type="text/json"'),
    ("problem", GLOBAL, "/errors/throttled", "/errors/throtled"),
    ("problem", fragment("require-submit"), '"The caller lacks the role"', '"Forbidden"'),
    ("named-value", value("console-origin"), '"secret": false', '"secret": true'),
    ("named-value", value("list-cost-per-minute"), '"120"', '"c29tZSBzZWNyZXQgdGhhdCBzb21lYm9keSBsZWZ0IGhlcmU="'),
    ("bodies-not-logged", DIAGNOSTICS, ": 0", ": 8192"),
    ("backend-protected", BACKEND, '"acceptRetryAfter": true', '"x": true'),
    ("backend-protected", BACKEND, "https://", "http://"),
]


@pytest.mark.parametrize(("rule", "file", "old", "new"), DEFECTS, ids=[f"{d[0]}-{n}" for n, d in enumerate(DEFECTS)])
def test_each_defect_is_found_by_its_rule_with_the_file(tree, rule, file, old, new):
    if (rule, old) == ("audience-pinned", "<audiences>"):
        change(tree, file, "</audiences>", "</audience-list>")
    if rule == "token-checked":
        change(tree, file, "      </otherwise>", "</when></choose></otherwise>")
    change(tree, file, old, new)
    found = [finding for finding in findings(tree) if finding.rule == rule]
    assert any(str(finding.place.file) == f"apim/{file}" for finding in found), findings(tree)


def test_a_finding_names_the_line(tree):
    change(tree, of("list-jobs"), ' retry-after-variable-name="retryAfter"', "")
    text = (tree / of("list-jobs")).read_text()
    line = text[: text.index("<rate-limit-by-key")].count("\n") + 1
    (finding,) = findings(tree)
    assert str(finding).startswith(f"apim/{of('list-jobs')}:{line} limit-retry-after: ")


def test_an_operation_without_a_policy_is_found(tree):
    (tree / of("get-usage")).unlink()
    assert [finding.rule for finding in findings(tree)] == ["operation-policy"]


def test_a_policy_without_an_operation_is_found(tree):
    shutil.copytree(tree / OPERATIONS / "get-usage", tree / OPERATIONS / "get-money")
    assert [finding.rule for finding in findings(tree)] == ["artifacts"]


def test_a_named_value_that_is_a_secret_or_that_nothing_uses_is_found(tree):
    for name, text in (("storage-key", "x"), ("left-over", "x")):
        (tree / value(name)).parent.mkdir()
        properties = {"displayName": name, "value": text, "secret": False}
        (tree / value(name)).write_text(json.dumps({"properties": properties}))
    found = [finding for finding in findings(tree) if finding.rule == "named-value"]
    assert len(found) == 3  # nothing uses either of them
    assert any("looks like a secret" in finding.what for finding in found)


def test_diagnostics_that_are_gone_are_found(tree):
    shutil.rmtree(tree / "apis/quantum-jobs/diagnostics")
    assert [finding.rule for finding in findings(tree)] == ["bodies-not-logged"]


def test_a_tree_without_a_policy_for_all_apis_believes_spoofed_headers(tree):
    (tree / GLOBAL).unlink()
    assert "spoofable" in {finding.rule for finding in findings(tree)}


def test_every_rule_has_a_defect_and_says_why_it_is_there():
    shown = {defect[0] for defect in DEFECTS} | {"operation-policy"}
    assert set(RULES) | {"artifacts"} == shown
    assert all(rule.__doc__ for rule in RULES.values())


def lint(*arguments):
    command = [sys.executable, "-m", "local.apim.lint", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_the_command_says_nothing_of_a_clean_tree_and_ends_with_1_for_a_broken_one(tree):
    clean = lint()
    assert (clean.returncode, clean.stdout) == (0, "")
    change(tree, of("get-job"), ' default-value=""', "")
    broken = lint(str(tree))
    assert broken.returncode == 1
    assert re.fullmatch(r"apim/apis/\S+/get-job/policy\.xml:\d+ lookup-default: .+\n", broken.stdout)
