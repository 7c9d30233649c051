"""What callers do and what must come of it, with the deployed policies; together they run every policy of the tree.

Each scenario takes what makes a gateway (`deployed.deployed`), so that a test can look at what ran.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from local.apim.errors import PolicyFailed
from local.apim.gateway import Bounds
from tests.apim.deployed import BASE, Service
from tests.local.apim.gateway_running import Running, answer

type Start = Callable[..., Running]
SCENARIOS: list[Callable[[Start], None]] = []
JOB = "/jobs/job_1"
HOOK = "/webhooks/whk_1"
BODY = {"target": "ionq.simulator", "shots": 1}


def scenario(function: Callable[[Start], None]) -> Callable[[Start], None]:
    SCENARIOS.append(function)
    return function


def problem(seen: httpx.Response, status: int, slug: str, **members: Any) -> dict[str, Any]:
    """Hold an answer to being one of the service's problems, made by the gateway."""
    assert seen.status_code == status, seen.text
    assert seen.headers["Content-Type"] == "application/problem+json"
    assert seen.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = seen.json()
    assert document["type"] == f"{BASE}/errors/{slug}"
    assert document["status"] == status
    assert document["instance"] == f"urn:uuid:{seen.headers['Request-Id']}"
    assert document["title"]
    assert document["detail"]
    assert members.items() <= document.items()
    return document


@scenario
def what_a_caller_says_of_himself_is_removed_and_what_the_token_says_is_told(start: Start) -> None:
    run = start()
    lies = {
        "X-Caller-Id": "bob",
        "X-Caller-Tenant": "t2",
        "X-Caller-Roles": "Jobs.Admin",
        "X-Caller-Label": "user:bob",
        "X-MS-CLIENT-PRINCIPAL": "e30=",
        "X-MS-CLIENT-PRINCIPAL-ID": "bob",
        "x-functions-key": "k",
        "X-Request-Id": "mine",
    }
    assert run.call("GET", "/usage", headers=lies).status_code == 200
    told = run.backend.calls[0].headers
    assert (told.get("X-Caller-Tenant"), told.get("X-Caller-Id")) == ("t1", "alice")
    assert (told.get("X-Caller-Roles"), told.get("X-Caller-Label")) == ("Jobs.Submit", "app:Zo%C3%AB%20alice")
    assert "X-MS-CLIENT-PRINCIPAL" not in told
    assert "X-MS-CLIENT-PRINCIPAL-ID" not in told
    assert "X-Functions-Key" not in told
    assert told.get("X-Request-Id") != "mine"
    assert told.get("Authorization") == "Bearer identity-for-api://quantum-jobs-functions"


@scenario
def a_caller_without_a_name_is_labelled_by_his_application_or_his_id(start: Start) -> None:
    run = start()
    run.get("/usage", caller="bob")
    assert run.backend.calls[0].headers.get("X-Caller-Label") == "app:a"


@scenario
def paths_that_two_readers_could_read_differently_are_refused_before_anything_else(start: Start) -> None:
    run = start()
    for path in ("//jobs", "/jobs/%2e%2e/targets", "/jobs%2Fjob_1", "/jobs/..%5Cx", "/jobs/./job_1", "/jobs/%252e"):
        seen = run.call_raw("GET", f"/quantum/v1{path}")
        assert seen.status_code == 404, path
        problem(seen, 404, "not-found")
    assert run.backend.calls == []


@scenario
def another_spelling_of_a_path_is_another_path(start: Start) -> None:
    run = start()
    for method, path in (("POST", "/JOBS"), ("POST", "/jobs/"), ("GET", "/Jobs/job_1"), ("HEAD", "/health/ready")):
        seen = run.call(method, path)
        assert seen.status_code == 404, (method, path)
    assert run.backend.calls == []


@scenario
def what_no_operation_takes_goes_to_the_services_own_answer(start: Start) -> None:
    run = start(lambda _: answer(405, "{}", Content_Type="application/problem+json", Allow="GET"))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert run.call(method, "/nothing/here").headers["Allow"] == "GET"
    assert run.call("HEAD", "/jobs").status_code == 405
    assert [call.body for call in run.backend.calls] == [b""] * 6


@scenario
def a_call_below_no_api_or_with_no_such_method_is_not_found(start: Start) -> None:
    run = start()
    problem(run.call_raw("GET", "/elsewhere"), 404, "not-found")
    problem(run.call("TRACE", "/jobs"), 404, "not-found")
    assert run.backend.calls == []


@scenario
def no_token_a_bad_one_or_one_of_nobody_is_401(start: Start) -> None:
    run = start()
    for caller in ("", "x-bad", "x-nobody"):
        seen = run.get("/jobs", caller=caller)
        problem(seen, 401, "unauthorized")
        assert seen.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert run.backend.calls == []


@scenario
def keys_that_cannot_be_had_are_no_fault_of_the_caller(start: Start) -> None:
    seen = start().get("/jobs", caller="x-keys")
    problem(seen, 503, "service-unavailable")
    assert seen.headers["Retry-After"] == "5"


@scenario
def a_role_is_needed_for_anything_and_the_right_one_for_changes(start: Start) -> None:
    run = start()
    problem(
        run.get("/jobs", caller="outsider"), 403, "forbidden",
        requiredRoles=["Jobs.Admin", "Jobs.Read.All", "Jobs.Submit"],
    )  # fmt: skip
    for method, path in (
        ("POST", "/jobs"),
        ("POST", f"{JOB}/cancel"),
        ("PATCH", JOB),
        ("DELETE", JOB),
        ("POST", "/uploads"),
        ("POST", "/webhooks"),
        ("DELETE", HOOK),
        ("POST", f"{HOOK}/test"),
        ("POST", f"{HOOK}/rotate-secret"),
    ):
        problem(run.call(method, path, "operator"), 403, "forbidden", requiredRoles=["Jobs.Admin", "Jobs.Submit"])
    assert run.backend.calls == []
    assert run.call("POST", f"{JOB}/cancel", "admin").status_code == 202


@scenario
def anybody_may_ask_for_health_the_specification_and_pages_but_not_for_ever(start: Start) -> None:
    run = start(named_values={"anonymous-calls-per-minute": "3"})
    for path in ("/health/live", "/openapi.json", "/errors/throttled"):
        assert run.get(path, caller="").status_code == 200
    problem(run.get("/health/live", caller=""), 429, "throttled", limit="limit-anonymous")
    assert run.backend.calls[0].headers.get("X-Caller-Id") == ""


@scenario
def a_caller_over_his_limit_waits_and_the_others_do_not(start: Start) -> None:
    run = start(named_values={"caller-calls-per-minute": "2"})
    left = [run.get("/usage").headers["RateLimit"] for _ in range(2)]
    assert left == ['"caller";r=1', '"caller";r=0']
    seen = run.get("/usage")
    problem(seen, 429, "throttled", limit="limit-caller")
    assert 1 <= int(seen.headers["Retry-After"]) <= 60
    assert run.get("/usage", caller="bob").headers["RateLimit-Policy"] == '"caller";q=2;w=60'
    run.clock.seconds += int(seen.headers["Retry-After"])
    assert run.get("/usage").status_code == 200


@scenario
def submits_weigh_what_their_target_does(start: Start) -> None:
    run = start(named_values={"submit-cost-per-minute": "21", "submit-cost-of-machine": "20"})
    assert run.call("POST", "/jobs", json=BODY | {"target": "ionq.qpu.forte-1"}).status_code == 202
    assert run.call("POST", "/jobs", json=BODY).status_code == 202
    problem(run.call("POST", "/jobs", json=BODY), 429, "throttled", limit="limit-submit")
    assert run.call("POST", "/jobs", "bob", json=BODY).status_code == 202
    told = {metric.name: dict(metric.dimensions) for metric in run.services.metrics}
    assert told["jobs-submitted"]["API ID"] == "quantum-jobs"
    assert told["calls-throttled"]["limit"] == "limit-submit"


@scenario
def one_target_takes_so_many_submits_of_all_callers(start: Start) -> None:
    run = start(named_values={"target-submits-per-minute": "1"})
    run.call("POST", "/jobs", json=BODY)
    problem(run.call("POST", "/jobs", "bob", json=BODY), 429, "throttled", limit="limit-target")
    assert run.call("POST", "/jobs", "bob", json=BODY | {"target": "rigetti.sim.qvm"}).status_code == 202


@scenario
def lists_weigh_what_a_page_does_and_estimates_are_bounded(start: Start) -> None:
    run = start(named_values={"list-cost-per-minute": "5", "estimates-per-minute": "1"})
    assert [run.get(f"/jobs?pageSize={size}").status_code for size in ("100", "25")] == [200, 200]
    problem(run.get("/jobs"), 429, "throttled", limit="limit-list")
    run.call("POST", "/estimates", json={})
    problem(run.call("POST", "/estimates", json={}), 429, "throttled", limit="limit-estimate")


@scenario
def making_trying_and_rotating_webhooks_is_counted_together_and_reading_and_ending_them_is_not(start: Start) -> None:
    run = start(named_values={"webhook-calls-per-minute": "3"})
    made = (("/webhooks", {"json": {}}), (f"{HOOK}/test", {}), (f"{HOOK}/rotate-secret", {}))
    assert all(run.call("POST", path, **sent).is_success for path, sent in made)
    for path, sent in made:
        problem(run.call("POST", path, **sent), 429, "throttled", limit="limit-webhook")
    assert run.call("POST", f"{HOOK}/test", "bob").is_success
    for method, path in (("GET", "/webhooks"), ("GET", HOOK), ("DELETE", HOOK)):
        assert run.call(method, path).is_success


@scenario
def what_is_sent_along_where_no_body_belongs_goes_no_further(start: Start) -> None:
    run = start()
    for method, path in (("POST", f"{HOOK}/test"), ("POST", f"{HOOK}/rotate-secret"), ("DELETE", HOOK)):
        run.call(method, path, json={"url": "https://elsewhere.example/"})
    assert [call.body for call in run.backend.calls] == [b""] * 3


@scenario
def bodies_are_held_to_size_media_type_and_form(start: Start) -> None:
    run = start()
    large = {"content": b" " * 102_401, "headers": {"Content-Type": "application/json"}}
    bodies = (("POST", "/jobs"), ("POST", "/estimates"), ("POST", "/uploads"), ("POST", "/webhooks"), ("PATCH", JOB))
    for method, path in bodies:
        problem(run.call(method, path, **large), 413, "payload-too-large", maxBytes=102_400)
        document = problem(run.call(method, path, content=b"a=b"), 415, "unsupported-media-type")
        assert "application/json" in document["accepted"]
    for text in (b"", b"[1]", b"{"):
        seen = run.call("POST", "/jobs", content=text, headers={"Content-Type": "application/json"})
        problem(seen, 400, "invalid-request")
    assert run.backend.calls == []
    assert run.call("PATCH", JOB, content=b"{}", headers={"Content-Type": "application/merge-patch+json"}).is_success
    assert run.call("POST", "/uploads", json={}).is_success


@scenario
def a_body_that_is_too_large_or_slow_for_the_gateway_itself_is_a_problem_too(start: Start) -> None:
    run = start(bounds=Bounds(body_bytes=10, body_seconds=0.05))
    problem(run.call("POST", "/jobs", content=b"x" * 11), 413, "payload-too-large")

    async def slow() -> httpx.Response:
        async def trickle() -> Any:
            yield b"{"
            await asyncio.sleep(5)

        return await run.ask("POST", "/jobs", content=trickle())

    problem(asyncio.run(slow()), 408, "request-timeout")
    assert run.backend.calls == []


@scenario
def a_header_that_was_sent_twice_is_refused(start: Start) -> None:
    run = start()
    seen = run.call("GET", "/jobs", "", headers=[("Authorization", "Bearer alice"), ("Authorization", "Bearer bob")])
    problem(seen, 400, "invalid-request")
    assert run.backend.calls == []


@scenario
def a_status_is_kept_for_its_caller_while_it_is_fresh(start: Start) -> None:
    service = Service()
    run = start(service)
    first, second = run.get(JOB), run.get(JOB)
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("miss", "hit")
    assert (first.content, first.headers["ETag"]) == (second.content, second.headers["ETag"])
    assert second.headers["Cache-Control"] == "private, no-cache"
    assert run.get(JOB, caller="bob").json()["owner"] == "bob"
    assert len(run.backend.calls) == 2
    run.clock.seconds += 1
    assert run.get(JOB).headers["Retry-After"] == "19"
    run.clock.seconds += 1.5
    service.job |= {"revision": 2}
    assert run.get(JOB).headers["ETag"] == '"r2"'


@scenario
def a_done_status_is_fresh_for_longer_and_says_no_retry_after(start: Start) -> None:
    service = Service()
    service.job |= {"done": True}
    run = start(service)
    run.get(JOB)
    run.clock.seconds += 29
    seen = run.get(JOB)
    assert (seen.headers["X-Cache"], "Retry-After" in seen.headers) == ("hit", False)
    run.clock.seconds += 2
    assert run.get(JOB).headers["X-Cache"] == "miss"


@scenario
def a_copy_that_the_caller_has_is_304_from_the_cache_and_past_it(start: Start) -> None:
    service = Service()
    run = start(service)
    assert run.get(JOB, if_none_match='"r1"').status_code == 304  # past it: the service was asked for the whole
    seen = run.get(JOB, if_none_match='W/"x", "r1"')
    assert (seen.status_code, seen.content, seen.headers["ETag"], seen.headers["X-Cache"]) == (304, b"", '"r1"', "hit")
    assert run.get(JOB, if_none_match='"r0"').status_code == 200
    assert run.get(JOB, if_none_match="*").status_code == 304
    assert len(run.backend.calls) == 1
    assert "If-None-Match" not in run.backend.calls[0].headers


@scenario
def a_done_copy_is_304_too(start: Start) -> None:
    service = Service()
    service.job |= {"done": True}
    run = start(service)
    run.get(JOB)
    assert run.get(JOB, if_none_match='"r1"').status_code == 304


@scenario
def a_stale_status_is_asked_for_once_and_the_others_get_the_stale_copy(start: Start) -> None:
    service = Service()
    run = start(service)
    run.get(JOB)
    run.clock.seconds += 3
    service.job |= {"revision": 2}
    states = [run.get(JOB).headers["X-Cache"]]
    run.services.values.remove("none")
    run.clock.seconds += 0.1
    states.append(run.get(JOB).headers["X-Cache"])
    assert states == ["miss", "hit"]
    run.clock.seconds += 2.5
    assert len(run.backend.calls) == 2
    assert run.get(JOB).headers["X-Cache"] == "miss"


@scenario
def while_the_service_fails_to_refresh_a_stale_status_answers_for_30_s(start: Start) -> None:
    service = Service()
    run = start(service)
    run.get(JOB)
    run.clock.seconds += 3
    service.fails = PolicyFailed("forward-request", "Timeout", "No answer.", status=504)
    problem(run.get(JOB), 503, "service-unavailable")
    seen = run.get(JOB)
    assert (seen.status_code, seen.headers["X-Cache"]) == (200, "stale")
    run.clock.seconds += 30
    problem(run.get(JOB), 503, "service-unavailable")


@scenario
def a_job_that_is_gone_is_gone_for_the_next_poll_too(start: Start) -> None:
    """Its stale copy would else answer every second poll, while the gate is shut."""
    for status in (403, 404):
        service = Service()
        run = start(service)
        run.get(JOB)
        run.clock.seconds += 3
        service.fails = answer(status, "{}", Content_Type="application/problem+json")
        assert [run.get(JOB).status_code for _ in range(3)] == [status] * 3


@scenario
def when_nothing_is_kept_one_call_of_a_caller_for_a_job_is_under_way_at_a_time(start: Start) -> None:
    run = start()
    inside, go = asyncio.Event(), asyncio.Event()
    forward = run.backend.forward

    async def slow(*arguments: Any) -> Any:
        inside.set()
        await go.wait()
        return await forward(*arguments)

    run.services.backends.forward = slow  # type: ignore[method-assign]

    async def both() -> list[httpx.Response]:
        first = asyncio.create_task(run.ask("GET", JOB))
        await inside.wait()
        other = asyncio.create_task(run.ask("GET", JOB, "bob"))
        refused = await run.ask("GET", JOB)
        go.set()
        return [await first, refused, await other]

    first, refused, other = asyncio.run(both())
    assert (first.status_code, other.status_code) == (200, 200)
    problem(refused, 429, "throttled")
    assert refused.headers["Retry-After"] == "1"


@scenario
def a_result_is_kept_for_its_caller_by_form(start: Start) -> None:
    run = start()
    path = f"{JOB}/result"
    assert [run.get(path).headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    seen = run.get(path, accept="text/csv")
    assert (seen.headers["X-Cache"], seen.headers["Content-Type"]) == ("miss", "text/csv")
    again = run.get(path, accept="text/csv")
    assert (again.headers["X-Cache"], again.headers["Vary"]) == ("hit", "Accept, Authorization")
    assert again.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert run.get(path, caller="bob").text == '"bob"'
    assert run.get(path, if_none_match='"application/json"').status_code == 304
    assert run.get(path, accept="application/xml").headers["X-Cache"] == "miss"
    assert len(run.backend.calls) == 4


@scenario
def a_result_over_a_million_characters_is_not_kept(start: Start) -> None:
    run = start(lambda _: answer(200, "x" * 1_000_000, ETag='"e"', Content_Type="application/json"))
    assert [run.get(f"{JOB}/result").headers["X-Cache"] for _ in range(2)] == ["miss", "miss"]


@scenario
def what_changes_a_job_removes_the_callers_copy(start: Start) -> None:
    for method, path in (("POST", f"{JOB}/cancel"), ("PATCH", JOB), ("DELETE", JOB)):
        run = start()
        for _ in range(2):
            run.get(JOB)
            run.get(f"{JOB}/result")
        run.call(method, path, content=b"{}", headers={"Content-Type": "application/json"})
        assert run.get(JOB).headers["X-Cache"] == "miss", method
        assert run.get(f"{JOB}/result").headers["X-Cache"] == ("miss" if method == "DELETE" else "hit")


@scenario
def other_operations_on_a_job_are_never_kept(start: Start) -> None:
    run = start()
    for path in (f"{JOB}/program", f"{JOB}/result/raw", "/usage", "/webhooks", HOOK):
        run.get(path)
        run.get(path)
    assert len(run.backend.calls) == 10


@scenario
def targets_are_kept_for_everybody_by_what_was_asked(start: Start) -> None:
    run = start()
    seen = [run.get("/targets", caller=caller) for caller in ("alice", "bob")]
    assert len(run.backend.calls) == 1
    assert [answer.headers["Cache-Control"] for answer in seen] == ["private, max-age=30"] * 2
    assert seen[0].headers["Request-Id"] != seen[1].headers["Request-Id"]
    assert run.get("/targets", if_none_match='"t"').status_code == 304
    run.get("/targets?minQubits=5")
    run.get("/targets/ionq.simulator")
    run.get("/targets/ionq.simulator", caller="bob")
    assert len(run.backend.calls) == 3
    problem(run.get("/targets?colour=red"), 400, "invalid-request")
    problem(run.get("/targets/ionq.simulator?colour=red"), 400, "invalid-request")
    assert len(run.backend.calls) == 3
    problem(run.get("/targets", caller=""), 401, "unauthorized")


@scenario
def what_the_platform_answers_in_the_services_place_becomes_a_problem(start: Start) -> None:
    service = Service()
    run = start(service)
    for status in (429, 502, 503, 504):
        service.fails = answer(status, "<html>", Content_Type="text/html", Retry_After="7")
        seen = run.get("/usage")
        problem(seen, 503, "service-unavailable")
        assert seen.headers["Retry-After"] == "7"
    for status in (401, 403, 500):
        service.fails = answer(status, "no", Content_Type="text/plain")
        problem(run.get("/usage"), 500, "internal-error")


@scenario
def a_backend_that_cannot_be_reached_is_a_problem_and_what_nobody_expects_is_one_too(start: Start) -> None:
    service = Service()
    run = start(service)
    service.fails = PolicyFailed("forward-request", "BackendConnectionFailure", "Refused.", status=500)
    problem(run.get("/usage"), 503, "service-unavailable")
    service.fails = PolicyFailed("forward-request", "Unheard-of", "?", status=500)
    problem(run.get("/usage"), 500, "internal-error")


@scenario
def the_consoles_page_may_call_and_other_pages_may_not(start: Start) -> None:
    run = start(named_values={"console-origin": "https://console"})
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    allowed = run.call("OPTIONS", "/jobs", "", headers=asked | {"Origin": "https://console"})
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "https://console")
    other = run.call("OPTIONS", "/jobs", "", headers=asked | {"Origin": "https://evil"})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Location" in run.get("/usage", origin="https://console").headers["Access-Control-Expose-Headers"]
    assert run.get("/usage", caller="", origin="https://console").headers["Access-Control-Allow-Origin"]
