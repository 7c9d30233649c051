"""Queue functions that keep what they saw, and HTTP functions that put messages into queues."""

import asyncio
import json
import typing

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: list[dict[str, object]] = []
at_once = {"now": 0, "most": 0}


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%", connection="Store")
async def work(message: func.QueueMessage) -> None:
    text = message.get_body().decode()
    seen.append(
        {
            "function": "work",
            "text": text,
            "id": message.id,
            "dequeue_count": message.dequeue_count,
            "has_receipt": bool(message.pop_receipt),
            "inserted": message.insertion_time.isoformat(),
            "expires": message.expiration_time.isoformat(),
            "visible": message.time_next_visible.isoformat(),
        }
    )
    at_once["now"] += 1
    at_once["most"] = max(at_once["most"], at_once["now"])
    try:
        await act(text)
    finally:
        at_once["now"] -= 1


async def act(text: str) -> None:
    if text == "fail":
        raise RuntimeError("cannot do it")
    if text == "fail once" and sum(entry["text"] == text for entry in seen) == 1:
        raise RuntimeError("not yet")
    if text.startswith("wait "):
        await asyncio.sleep(float(text.split()[1]))


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%-poison", connection="Store")
def bury(message: func.QueueMessage) -> None:
    seen.append({"function": "bury", "text": message.get_body().decode()})


@app.route(route="put", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="%WORK_QUEUE%", connection="Store")
def put(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
    message.set(req.get_body().decode())
    return func.HttpResponse(status_code=202)


@app.route(route="put-many", methods=["POST"])
@app.queue_output(arg_name="messages", queue_name="made-on-demand", connection="Store")
def put_many(req: func.HttpRequest, messages: func.Out[typing.List[str]]) -> func.HttpResponse:  # noqa: UP006 - the runtime knows typing.List only
    messages.set(req.get_json())
    return func.HttpResponse(status_code=202)


@app.queue_trigger(arg_name="message", queue_name="relay-in", connection="Store")
@app.queue_output(arg_name="$return", queue_name="relay-out", connection="Store")
def relay(message: func.QueueMessage) -> str:
    return message.get_body().decode().upper()


@app.route(route="seen")
def show(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({"seen": seen, **at_once}))
