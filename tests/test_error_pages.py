import json
import re
from html.parser import HTMLParser

import pytest

from quantum_jobs.error_pages import error_page
from quantum_jobs.errors import NotFound
from quantum_jobs.operations import OPERATIONS
from quantum_jobs.problems import catalogue, slugs_of_errors
from quantum_jobs.schema_parts import JobError
from quantum_jobs.schemas import Problem

from .cloud import REPOSITORY
from .conftest import finished, submit

BASE = "https://service.example/v1"
QVM = "rigetti.sim.qvm"


def test_every_error_that_can_be_raised_is_in_the_catalogue():
    assert slugs_of_errors() <= set(catalogue())


def test_every_reason_for_which_a_job_fails_is_in_the_catalogue():
    text = "".join(path.read_text() for path in (REPOSITORY / "quantum_jobs").glob("*.py"))
    reasons = set(re.findall(r'failed\(\s*[\w.]+,\s*"([a-z-]+)"', text))
    assert {"provider-error", "deadline-exceeded", "internal-error"} <= reasons <= set(catalogue())


class Outline(HTMLParser):
    """Collects tags, links and text of a page; a tag that is not closed stays open."""

    def __init__(self):
        super().__init__()
        self.tags, self.links, self.open, self.text = set(), [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("slug", catalogue())
def test_every_kind_has_a_page_that_says_when_what_to_do_and_shows_an_example(slug):
    kind, page = catalogue()[slug], Outline()
    html = error_page(slug, BASE)
    page.feed(html)
    assert page.open == []
    assert "script" not in page.tags
    assert all(link == "data:," or link in catalogue() for link in page.links), "nothing is loaded from elsewhere"
    for text in (kind.title, kind.when, kind.advice):
        assert text.replace("`", "") in page.text
    assert len(html) < 8_000
    assert 'content="width=device-width' in html
    assert "prefers-color-scheme: dark" in html
    example = json.loads(re.search(r"\{.*\}(?=\s*All kinds)", page.text.partition("Example")[2], re.DOTALL)[0])
    (Problem if kind.status else JobError).model_validate(example)
    assert example["type"] == f"{BASE}/errors/{slug}"


def test_there_is_no_page_of_what_is_no_kind(api):
    with pytest.raises(NotFound):
        error_page("<script>", BASE)
    answer = api.get("/errors/nothing-of-ours")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_method_that_a_path_does_not_take_is_405_with_those_it_takes(api, method):
    answer = api.request(method, "/jobs")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_head_is_answered_wherever_get_is_and_has_no_body(api):
    job = finished(api, submit(api))
    wish = {"url": "https://localhost:65535/", "events": ["job.failed"]}
    hook = api.post("/webhooks", json=wish).raise_for_status().json()
    places = {"jobId": job["id"], "targetId": QVM, "slug": "job-failed", "webhookId": hook["id"]}
    for item in OPERATIONS:
        if item.method == "GET":
            path = "/" + item.path.format(**places)
            get, head = api.get(path), api.head(path)
            assert (head.status_code, head.content) == (get.status_code, b""), path
            assert head.headers["content-type"] == get.headers["content-type"], path
    assert api.delete(f"/webhooks/{hook['id']}").status_code == 204


@pytest.mark.parametrize("path", ["/", "/job", "/jobs/a/b/c/d", "/jobs/%00", "/.env", "/errors", "/v1"])
def test_a_path_without_an_operation_is_a_problem_of_ours(api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"].rpartition("/")[2] in ("not-found", "job-not-found")


def test_the_specification_that_is_served_is_that_of_the_service_itself(api):
    answer = api.get("/openapi.json")
    assert answer.json()["servers"] == [{"url": str(api.base_url).rstrip("/")}]
    assert api.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
