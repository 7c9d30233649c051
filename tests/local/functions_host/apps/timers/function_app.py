"""Timer functions that keep what they were told."""

import asyncio
import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: list[dict[str, object]] = []
at_once = {"now": 0, "most": 0}


@app.timer_trigger(arg_name="timer", schedule="%SCHEDULE%")
async def tick(timer: func.TimerRequest) -> None:
    at_once["now"] += 1
    at_once["most"] = max(at_once["most"], at_once["now"])
    seen.append({"function": "tick", "past_due": timer.past_due, **timer.schedule_status})
    await asyncio.sleep(1.2)
    at_once["now"] -= 1


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def at_start(timer: func.TimerRequest) -> None:
    seen.append({"function": "at_start"})


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def stumble(timer: func.TimerRequest, context: func.Context) -> None:
    retry = context.retry_context
    seen.append({"function": "stumble", "count": retry.retry_count, "most": retry.max_retry_count})
    if retry.retry_count < 2:
        raise RuntimeError("again")


@app.route(route="seen")
def show(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({"seen": seen, **at_once}))
