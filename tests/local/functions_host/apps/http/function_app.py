"""HTTP functions that show the host's rules."""

import asyncio
import json
import threading
import time

import azure.functions as func
from shapes import blueprint

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)
waiting: list[func.HttpRequest] = []


def as_json(document: object, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(document), status_code=status, mimetype="application/json")


@app.route(route="echo", methods=["GET", "POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    return as_json(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "params": dict(req.params),
            "body": req.get_body().decode("latin-1"),
        }
    )


@app.route(route="jobs/{id:guid}/parts/{number:int:min(1)=7}", methods=["GET"])
def job_part(req: func.HttpRequest) -> func.HttpResponse:
    return as_json(dict(req.route_params))


@app.route(route="things/{id}", methods=["GET"])
def a_thing(req: func.HttpRequest) -> func.HttpResponse:
    return as_json({"function": "a_thing", **req.route_params})


@app.route(route="things/stats", methods=["GET"])
def b_stats(req: func.HttpRequest) -> func.HttpResponse:
    return as_json({"function": "b_stats"})


@app.route(methods=["GET"])
def no_route(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("by name")


@app.route(route="fail")
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("the reason")


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(status_code=201, headers={"X-Frame-Options": "SAMEORIGIN"})
    response.headers.add("Set-Cookie", "a=x/y; Max-Age=60; HttpOnly; SameSite=Lax")
    response.headers.add("Set-Cookie", "b=2; Path=/x; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=None")
    return response


@app.route(route="text/{kind}")
def text(req: func.HttpRequest) -> str:
    return {
        "plain": "hello",
        "json": '{"a": [1, 2]}',
        "response": '{"body": {"made": true}, "statusCode": 202, "headers": {"x-own": "1"}}',
    }[req.route_params["kind"]]


@app.route(route="header")
def header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(headers={req.params["name"]: req.params["value"]})


@app.route(route="nothing")
def nothing(req: func.HttpRequest):
    return None


@app.route(route="context")
async def in_context(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    trace = context.trace_context
    return as_json({"name": context.function_name, "parent": trace.trace_parent, "state": trace.trace_state})


@app.route(route="keyed", auth_level=func.AuthLevel.FUNCTION)
async def keyed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="masters", auth_level=func.AuthLevel.ADMIN)
async def masters(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route(route="switched_off")
async def switched_off(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("on")


@app.route(route="thread")
def thread(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(float(req.params.get("seconds", "0")))
    return as_json({"main": threading.current_thread() is threading.main_thread()})


@app.route(route="block")
async def block(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(float(req.params["seconds"]))  # noqa: ASYNC251 - a blocking handler is the point
    return func.HttpResponse("blocked")


@app.route(route="wait")
async def wait(req: func.HttpRequest) -> func.HttpResponse:
    waiting.append(req)
    await asyncio.sleep(float(req.params["seconds"]))
    waiting.remove(req)
    return func.HttpResponse("waited")


@app.route(route="waiting")
async def how_many_wait(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(len(waiting)))


@app.route(route="files/{*path}", methods=["GET"])
async def files(req: func.HttpRequest) -> func.HttpResponse:
    return as_json(dict(req.route_params))
