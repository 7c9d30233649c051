"""The hook that holds answers against the specification notices what differs from it."""

import json

import httpx
import pytest

from quantum_jobs.examples import answer
from quantum_jobs.openapi import example_document

from .conformance import conforms

BASE = "https://service/v1"
ID = "00000000-0000-4000-8000-000000000000"
HEADERS = {"Request-Id": ID, "ETag": '"r1-00"', "Cache-Control": "private", "Content-Type": "application/json"}
JOB = answer("Job", BASE)
NOT_FOUND = example_document("job-not-found", BASE)
NOTHING = example_document("not-found", BASE)


def answered(status=200, body=JOB, method="GET", path=f"/v1/jobs/{JOB['id']}", **changes):
    headers = {name: value for name, value in (HEADERS | changes).items() if value is not None}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, headers=headers, content=content, request=httpx.Request(method, f"{BASE[:-3]}{path}"))


@pytest.mark.parametrize(
    "right",
    [
        answered(),
        answered(304, b""),
        answered(body=b"", method="HEAD"),
        answered(404, NOT_FOUND, **{"Content-Type": "application/problem+json"}),
        answered(body={**JOB, "later": "members are welcome"}),
        answered(404, NOTHING, path="/v1/else", **{"Content-Type": "application/problem+json"}),
    ],
)
def test_what_the_specification_has_conforms(right):
    conforms(right)


@pytest.mark.parametrize(
    "wrong",
    [
        answered(201),
        answered(body={**JOB, "shots": "many"}),
        answered(body={**JOB, "createdAt": "yesterday"}),
        answered(body={name: value for name, value in JOB.items() if name != "history"}),
        answered(304, b"{}"),
        answered(ETag=None),
        answered(**{"Request-Id": None}),
        answered(**{"Content-Type": "text/plain"}),
        answered(**{"Retry-After": "soon"}),
        answered(404, NOT_FOUND),
        answered(404, {**NOT_FOUND, "status": 403}, **{"Content-Type": "application/problem+json"}),
        answered(404, NOT_FOUND, **{"Content-Type": "application/problem+json", "Request-Id": ID.replace("8", "9")}),
        answered(404, NOT_FOUND, path="/v1/else", **{"Content-Type": "application/problem+json"}),
        answered(200, JOB, path="/v1/else"),
    ],
)
def test_what_it_has_not_does_not(wrong):
    with pytest.raises(AssertionError):
        conforms(wrong)
