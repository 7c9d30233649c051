"""HTTP functions: the rules of the Functions host, one test each."""

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from running_host import RunningHost, running

from local.functions_host import logs
from local.functions_host.keys import Keys

ID = "12345678-1234-1234-1234-123456789abc"


@pytest.fixture(scope="module")
def host() -> Iterator[RunningHost]:
    settings = {"AzureWebJobs.switched_off.Disabled": "true", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}
    with running("http", settings=settings) as host:
        yield host


def echoed(host: RunningHost, path: str = "/api/echo", method: str = "POST", **options: object) -> dict[str, object]:
    answer = host.request(method, path, **options)
    assert answer.status_code == 200
    document: dict[str, object] = answer.json()
    return document


# Routing


def test_the_first_function_by_name_wins_whatever_is_more_specific(host: RunningHost) -> None:
    assert host.get("/api/things/stats").json() == {"function": "a_thing", "id": "stats"}


def test_a_wrong_method_is_404_and_not_405(host: RunningHost) -> None:
    assert host.post("/api/things/1").status_code == 404


def test_head_on_a_get_function_is_404(host: RunningHost) -> None:
    assert host.request("HEAD", "/api/things/1").status_code == 404


def test_a_function_without_methods_takes_them_all(host: RunningHost) -> None:
    for method in ("GET", "POST", "PATCH", "OPTIONS", "HEAD"):
        assert host.request(method, "/api/wait?seconds=0").status_code == 200


def test_a_function_without_route_is_reached_by_its_name(host: RunningHost) -> None:
    assert host.get("/api/no_route").text == "by name"


def test_a_blueprint_is_part_of_the_app(host: RunningHost) -> None:
    assert host.get("/api/shapes").text == "round"


def test_literals_of_a_route_ignore_case(host: RunningHost) -> None:
    assert host.get("/API/Things/X").json()["id"] == "X"


def test_a_constraint_that_fails_is_404(host: RunningHost) -> None:
    assert host.get("/api/jobs/no-guid/parts/1").status_code == 404
    assert host.get(f"/api/jobs/{ID}/parts/0").status_code == 404


def test_a_default_fills_a_missing_segment(host: RunningHost) -> None:
    assert host.get(f"/api/jobs/{ID}/parts").json() == {"id": ID, "number": "7"}


def test_a_catch_all_takes_the_rest_with_its_slashes(host: RunningHost) -> None:
    assert host.get("/api/files/a/b%20c/d").json() == {"path": "a/b c/d"}
    assert host.get("/api/files").json() == {}


def test_an_encoded_slash_stays_encoded_in_a_route_value(host: RunningHost) -> None:
    assert host.get("/api/things/a%2Fb").json()["id"] == "a%2Fb"


def test_without_a_function_for_it_the_root_shows_the_home_page(host: RunningHost) -> None:
    answer = host.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert host.get("/other").status_code == 404


# Requests


def test_header_names_are_lower_case_and_repeated_ones_joined(host: RunningHost) -> None:
    headers = echoed(host, headers=[("X-One", "1"), ("x-one", "2")])["headers"]
    assert isinstance(headers, dict)
    assert headers["x-one"] == "1,2"
    assert all(name == name.lower() for name in headers)


def test_repeated_query_keys_are_joined_and_empty_ones_dropped(host: RunningHost) -> None:
    assert echoed(host, "/api/echo?a=1&A=2&b=&c=x%20y&d+e=%2B")["params"] == {"a": "1,2", "c": "x y", "d e": "+"}


def test_the_url_keeps_path_and_query_encoded(host: RunningHost) -> None:
    assert echoed(host, "/api/echo?a=%2Fx")["url"] == "http://functions.local/api/echo?a=%2Fx"


def test_a_body_with_content_length_reaches_the_function_as_bytes(host: RunningHost) -> None:
    assert echoed(host, content=b"\x00\xff")["body"] == "\x00\xff"


def test_a_chunked_body_does_not_reach_the_function(host: RunningHost) -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        yield b"never"

    assert echoed(host, content=chunks())["body"] == ""


def test_a_body_over_the_limit_is_413_also_without_content_length(host: RunningHost) -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        for _ in range(11):
            yield b"x" * 100

    assert host.post("/api/echo", content=b"x" * 1001).status_code == 413
    assert host.post("/api/echo", content=chunks()).status_code == 413
    assert host.post("/api/echo", content=b"x" * 1000).status_code == 200


def test_the_trace_of_the_caller_is_in_the_context(host: RunningHost) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = host.get("/api/context", headers={"traceparent": parent, "tracestate": "a=b"})
    assert answer.json() == {"name": "in_context", "parent": parent, "state": "a=b"}


@pytest.mark.parametrize("name", ["X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-ID", "X-MS-TOKEN-AAD-ACCESS-TOKEN"])
def test_identity_headers_of_a_caller_are_stripped(host: RunningHost, name: str) -> None:
    assert name.lower() not in str(echoed(host, headers={name: "forged"})["headers"])


# Responses


def test_cookies_are_sent_one_header_each_as_aspnet_writes_them(host: RunningHost) -> None:
    answer = host.get("/api/cookies")
    assert answer.status_code == 201
    assert answer.headers.get_list("set-cookie") == [
        "a=x%2Fy; max-age=60; path=/; samesite=lax; httponly",
        "b=2; expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/x; secure; samesite=none",
    ]


def test_custom_headers_are_added_unless_the_function_set_them(host: RunningHost) -> None:
    assert host.get("/api/shapes").headers["x-frame-options"] == "DENY"
    assert host.get("/api/cookies").headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert "x-frame-options" not in host.get("/api/none").headers


def test_a_string_is_plain_text(host: RunningHost) -> None:
    answer = host.get("/api/text/plain")
    assert (answer.text, answer.headers["content-type"]) == ("hello", "text/plain; charset=utf-8")


def test_a_string_that_is_json_is_sent_as_json(host: RunningHost) -> None:
    answer = host.get("/api/text/json")
    assert (answer.content, answer.headers["content-type"]) == (b'{"a":[1,2]}', "application/json; charset=utf-8")


def test_a_string_that_is_json_with_a_body_is_a_whole_response(host: RunningHost) -> None:
    answer = host.get("/api/text/response")
    assert (answer.status_code, answer.headers["x-own"], answer.json()) == (202, "1", {"made": True})


def test_an_exception_is_500_with_an_empty_body_and_its_own_frames_in_the_log(
    host: RunningHost, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = host.get("/api/fail")
    assert (answer.status_code, answer.content) == (500, b"")
    assert "LookupError: the reason" in caplog.text
    assert "function_app.py" in caplog.text
    assert "handle_event.py" not in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("x-own", "a b\tc", 200), ("x-own", "é", 500), ("x-own", "a\r\nx-more: b", 500), ("x own", "a", 500)],
)
def test_a_header_that_cannot_be_sent_is_500(host: RunningHost, name: str, value: str, status: int) -> None:
    answer = host.get("/api/header", params={"name": name, "value": value})
    assert answer.status_code == status
    assert "x-more" not in answer.headers


def test_a_value_that_is_no_response_is_500(host: RunningHost) -> None:
    assert host.get("/api/nothing").status_code == 500


# Keys


def test_a_function_key_a_host_key_and_the_master_key_open_a_keyed_function(host: RunningHost) -> None:
    for key in ("function-key", "host-key", "master-key"):
        assert host.get("/api/keyed", headers={"x-functions-key": key}).text == "in"
        assert host.get(f"/api/keyed?code={key}").text == "in"


@pytest.mark.parametrize("key", ["", "wrong", "None", "master-ke", "ключ"])
def test_without_a_right_key_a_keyed_function_is_401_and_empty(host: RunningHost, key: str) -> None:
    for answer in (host.get("/api/keyed"), host.get("/api/keyed", params={"code": key})):
        assert (answer.status_code, answer.content) == (401, b"")


def test_an_empty_key_is_no_key() -> None:
    for keys in ({"master": ""}, {"host": ""}):
        with pytest.raises(ValueError, match="would let everybody in"):
            Keys(**keys)


def test_the_header_is_looked_at_before_the_query(host: RunningHost) -> None:
    assert host.get("/api/keyed?code=host-key", headers={"x-functions-key": "wrong"}).status_code == 401


def test_only_the_master_key_opens_an_admin_function(host: RunningHost) -> None:
    assert host.get("/api/masters?code=host-key").status_code == 401
    assert host.get("/api/masters?code=master-key").text == "in"


def test_an_unknown_route_is_404_before_any_key(host: RunningHost) -> None:
    assert host.get("/api/unknown").status_code == 404


def test_a_disabled_function_is_404_except_for_the_master_key(host: RunningHost) -> None:
    assert host.get("/api/switched_off").status_code == 404
    assert host.get("/api/switched_off?code=master-key").text == "on"


# Admin


@pytest.mark.parametrize("path", ["host/status", "host/keys", "functions", "functions/echo", "functions/keyed/keys"])
def test_the_admin_interface_needs_the_master_key(host: RunningHost, path: str) -> None:
    assert host.get(f"/admin/{path}?code=host-key").status_code == 401
    assert host.get(f"/admin/{path}?code=master-key").status_code == 200


def test_ping_needs_no_key(host: RunningHost) -> None:
    assert host.get("/admin/host/ping").status_code == host.post("/admin/host/ping").status_code == 200


def test_the_status_says_running(host: RunningHost) -> None:
    status = host.get("/admin/host/status?code=master-key").json()
    assert status["state"] == "Running"
    assert status["processUptime"] >= 0


def test_the_functions_are_listed_with_their_bindings_and_urls(host: RunningHost) -> None:
    listed = {entry["name"]: entry for entry in host.get("/admin/functions?code=master-key").json()}
    assert listed["a_thing"]["invoke_url_template"] == "http://functions.local/api/things/{id}"
    assert listed["switched_off"]["isDisabled"]
    assert [binding["type"] for binding in listed["echo"]["config"]["bindings"]] == ["httpTrigger", "http"]
    assert host.get("/admin/functions/ECHO?code=master-key").json() == listed["echo"]


def test_keys_of_a_function_can_be_read(host: RunningHost) -> None:
    answer = host.get("/admin/functions/keyed/keys?code=master-key").json()
    assert answer["keys"] == [{"name": "default", "value": "function-key"}]


def test_what_admin_does_not_have_is_404_without_a_key(host: RunningHost) -> None:
    assert host.get("/admin/functions/unknown").status_code == 404
    assert host.get("/admin/vfs").status_code == 404


def test_an_http_function_is_not_run_through_admin(host: RunningHost) -> None:
    assert host.post("/admin/functions/echo?code=master-key", json={"input": "x"}).status_code == 400


# Threads


def test_a_blocking_coroutine_stalls_the_worker_but_not_the_host(host: RunningHost) -> None:
    async def both() -> tuple[float, float]:
        import asyncio
        import time

        started = time.perf_counter()
        blocking = asyncio.create_task(host.client.get("/api/block?seconds=0.4"))
        await asyncio.sleep(0.1)
        await host.client.get("/admin/host/ping")
        ping = time.perf_counter() - started
        await host.client.get("/api/shapes")
        other = time.perf_counter() - started
        await blocking
        return ping, other

    ping, other = host.portal.call(both)
    assert ping < other


def test_a_sync_function_runs_in_a_pool_thread(host: RunningHost) -> None:
    assert host.get("/api/thread").json() == {"main": False}


def test_json_of_a_log_line_names_function_and_invocation(host: RunningHost) -> None:
    stream = io.StringIO()
    handler = logs.set_up("json", stream)
    try:
        assert host.get("/api/shapes").status_code == httpx.codes.OK
    finally:
        logging.getLogger().removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    line = next(line for line in lines if line["function"] == "shapes")
    assert line["invocationId"]
    assert "Succeeded" in line["message"]


def test_extra_fields_of_a_log_line_are_shown(host: RunningHost) -> None:
    stream = io.StringIO()
    handler = logs.set_up("text", stream)
    try:
        logging.getLogger("app").warning("did it", extra={"job": "j1", "attempt": 2})
    finally:
        logging.getLogger().removeHandler(handler)
    assert stream.getvalue().rstrip().endswith("WARNING did it job=j1 attempt=2")
