"""Prefix, throttles, time limit, home page and chunked bodies: each with settings of its own."""

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path

import httpx
import pytest
from running_host import RunningHost, running

OVERRIDE = "AzureFunctionsJobHost__extensions__http__"


def statuses(host: RunningHost, path: str, count: int) -> list[int]:
    async def call() -> list[httpx.Response]:
        return await asyncio.gather(*[host.client.get(path) for _ in range(count)])

    return sorted(answer.status_code for answer in host.portal.call(call))


def test_an_asgi_application_runs_as_a_function(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}')
    (tmp_path / "function_app.py").write_text(
        "import azure.functions as func\n"
        "from starlette.applications import Starlette\n"
        "from starlette.responses import JSONResponse\n"
        "from starlette.routing import Route\n"
        "async def item(request):\n"
        "    return JSONResponse({**request.path_params, 'body': (await request.body()).decode()}, 201)\n"
        "inner = Starlette(routes=[Route('/items/{id:int}', item, methods=['POST'])])\n"
        "app = func.AsgiFunctionApp(app=inner, http_auth_level=func.AuthLevel.ANONYMOUS)\n"
    )
    with running(str(tmp_path)) as host:
        answer = host.post("/items/7", content=b"x")
        assert (answer.status_code, answer.json()) == (201, {"id": 7, "body": "x"})
        assert host.get("/items/7").status_code == 405
    gc.collect()  # AsgiFunctionApp ends its lifespan by asyncio.run in __del__: not while another test's loop runs


def test_an_empty_prefix_puts_routes_at_the_root() -> None:
    with running("http", settings={f"{OVERRIDE}routePrefix": ""}) as host:
        assert host.get("/shapes").text == "round"
        assert host.get("/api/shapes").status_code == 404


def test_a_disabled_home_page_is_204() -> None:
    with running("http", settings={"AzureWebJobsDisableHomepage": "true"}) as host:
        assert host.get("/").status_code == 204


def test_over_max_outstanding_requests_are_429_for_scale_out_and_admin_is_exempt() -> None:
    limits = {f"{OVERRIDE}maxOutstandingRequests": "3", f"{OVERRIDE}maxConcurrentRequests": "1"}
    with running("http", settings=limits) as host:
        assert statuses(host, "/api/wait?seconds=0.05", 5) == [200, 200, 200, 429, 429]

        async def busy() -> tuple[httpx.Response, httpx.Response]:
            waiting = [asyncio.create_task(host.client.get("/api/wait?seconds=0.2")) for _ in range(3)]
            await asyncio.sleep(0.05)
            answers = await host.client.get("/api/shapes"), await host.client.get("/admin/host/ping")
            await asyncio.gather(*waiting)
            return answers

        refused, ping = host.portal.call(busy)
        assert (refused.status_code, refused.headers["x-function-scaleout"]) == (429, "1")
        assert ping.status_code == 200


def test_max_concurrent_requests_wait_for_each_other() -> None:
    with running("http", settings={f"{OVERRIDE}maxConcurrentRequests": "1"}) as host:
        assert statuses(host, "/api/wait?seconds=0.02", 4) == [200] * 4


def test_function_timeout_is_500_and_the_log_says_what_azure_would_do(caplog: pytest.LogCaptureFixture) -> None:
    settings = {"AzureFunctionsJobHost__functionTimeout": "00:00:01"}
    with running("http", settings=settings) as host, caplog.at_level(logging.ERROR):
        assert host.get("/api/wait?seconds=30").status_code == 500
        assert "Azure would now restart the Python worker" in caplog.text
        assert host.get("/api/shapes").status_code == 200


def test_lenient_chunked_lets_a_chunked_body_through() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        yield b"some"

    with running("http", lenient_chunked=True) as host:
        assert host.post("/api/echo", content=chunks()).json()["body"] == "some"


def test_a_stopping_host_answers_503_and_finishes_what_runs() -> None:
    with running("http") as host:

        async def stop() -> tuple[httpx.Response, httpx.Response]:
            waiting = asyncio.create_task(host.client.get("/api/wait?seconds=0.2"))
            await asyncio.sleep(0.05)
            stopping = asyncio.create_task(host.host.stop())
            await asyncio.sleep(0.05)
            late = await host.client.get("/api/shapes")
            await stopping
            return await waiting, late

        running_one, late = host.portal.call(stop)
        assert running_one.text == "waited"
        assert (late.status_code, late.text) == (503, "Function host is not running.")


def test_a_second_app_in_one_process_is_refused_until_the_first_has_stopped() -> None:
    with running("http") as host:
        assert host.get("/api/shapes").status_code == 200
        with pytest.raises(Exception, match="loaded in this process already"), running("timers"):
            raise AssertionError("both are loaded")
    with running("timers", settings={"SCHEDULE": "0 0 0 1 1 *"}) as other:
        assert other.get("/api/shapes").status_code == 404
        assert other.get("/api/seen").status_code == 200


def test_environment_folder_and_search_path_are_as_before_when_the_host_has_stopped() -> None:
    before = dict(os.environ), os.getcwd(), list(sys.path)  # noqa: PTH109
    with running("http", settings={"ONLY_INSIDE": "1"}):
        assert os.environ["ONLY_INSIDE"] == "1"
        assert os.getcwd().endswith("apps/http")  # noqa: PTH109
        assert sys.path[-1].endswith("apps/http")
    after = dict(os.environ), os.getcwd(), list(sys.path)  # noqa: PTH109
    assert after == before
    assert "shapes" not in sys.modules
