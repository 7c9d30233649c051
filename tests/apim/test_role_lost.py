"""What a caller saw because of a role he does not see any more once the role is gone, though he asked a moment ago."""

import json
import shutil

import pytest

from local.apim.context import Jwt, Response
from local.apim.deployment import NAMED_VALUES
from local.apim.lint.rules import findings
from tests.apim.deployed import TREE
from tests.local.apim.gateway_running import Call, answer, running

PATHS = ("/jobs/job_bob", "/jobs/job_bob/result")
DEFECTS = {
    path: f"apis/quantum-jobs/operations/{name}/policy.xml"
    for path, name in zip(PATHS, ("get-job", "get-result"), strict=True)
}


class Tokens:
    """Takes the token `ROLE`, always of alice."""

    async def check(self, token: str | None, **_: object) -> Jwt:
        return Jwt({"tid": ["t1"], "oid": ["alice"], "roles": [(token or "").removeprefix("Bearer ")]})


def of_bob(call: Call) -> Response:
    """Answer as the service does for a job of bob's."""
    if call.headers.get("X-Caller-Roles") == "Jobs.Submit":
        return answer(404, "{}", Content_Type="application/problem+json")
    return answer(200, json.dumps({"owner": "bob", "done": True}), ETag='"r1"', Content_Type="application/json")


def answers(tree, path):
    """Read with the role, again, and without it."""
    run = running(tree, named_values=dict(NAMED_VALUES), reply=of_bob, tokens=Tokens())
    seen = [run.get(path, caller=role) for role in ("Jobs.Read.All", "Jobs.Read.All", "Jobs.Submit")]
    return [(one.status_code, one.headers["X-Cache"]) for one in seen]


@pytest.mark.parametrize("path", PATHS)
def test_a_role_that_is_gone_takes_its_copies_along(path):
    assert answers(TREE, path) == [(200, "miss"), (200, "hit"), (404, "miss")]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_that_names_the_caller_alone_is_found_by_its_rule_and_would_leak(tmp_path, path):
    tree = shutil.copytree(TREE, tmp_path / "apim")
    file = tree / DEFECTS[path]
    text = file.read_text()
    file.write_text(text.replace('context.Variables["callerView"]', 'context.Variables["caller"]'))
    assert file.read_text() != text
    assert "caller-in-key" in {finding.rule for finding in findings(tree)}
    assert answers(tree, path)[2] == (200, "hit")
