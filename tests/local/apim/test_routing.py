import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.routing import Router

ROUTER = Router(
    [
        ("GET", "/jobs", "list"),
        ("GET", "/jobs/{jobId}", "get"),
        ("GET", "/jobs/summary", "summary"),
        ("POST", "/jobs/{jobId}/cancel", "cancel"),
        ("GET", "/*", "any"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "target", "parameters"),
    [
        ("GET", "/jobs", "list", {}),
        ("GET", "/jobs/job_1", "get", {"jobId": "job_1"}),
        ("GET", "/jobs/a%20b", "get", {"jobId": "a b"}),
        ("GET", "/jobs/summary", "summary", {}),
        ("POST", "/jobs/job_1/cancel", "cancel", {"jobId": "job_1"}),
        ("GET", "/JOBS", "any", {}),
        ("GET", "/jobs/", "any", {}),
        ("GET", "/jobs/a/b/c", "any", {}),
        ("GET", "//jobs", "any", {}),
    ],
)
def test_a_call_goes_to_the_operation_that_fits_best(method, path, target, parameters):
    found = ROUTER.match(method, path)
    assert (found.target, found.parameters) == (target, parameters)


@pytest.mark.parametrize(("method", "path"), [("POST", "/jobs"), ("HEAD", "/jobs"), ("POST", "/jobs//cancel")])
def test_what_no_template_fits_is_no_operation(method, path):
    assert ROUTER.match(method, path) is None


@given(st.text("abc/%2eJOBS.", max_size=30))
def test_a_path_with_other_parts_than_the_template_never_matches_it(path):
    found = ROUTER.match("GET", "/" + path)
    if found.target == "get":
        assert len(path.split("/")) == 2
        assert path.startswith("jobs/")
