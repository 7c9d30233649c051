"""The Functions app: one function per operation of the HTTP API, and the shepherd's two.

The host matches routes in the order of function names and answers 404 where a method is wrong; the last function turns
both into problem details.
"""

import os
from typing import Any

import azure.functions as func

from quantum_jobs import responses
from quantum_jobs.app import app as parts
from quantum_jobs.errors import MethodNotAllowed, NotFound
from quantum_jobs.job_queue import QUEUE, read_message
from quantum_jobs.models import Caller
from quantum_jobs.operations import BY_NAME, CATCH_ALL, methods_of
from quantum_jobs.requests import job_id, job_request, refuse_parameters
from quantum_jobs.responses import Answer, Handler, answers

# Keys are not how callers are known: each function checks the caller's token itself (decision 10).
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
http = func.Blueprint()
shepherd = func.Blueprint()


def _base_url() -> str:
    # From the environment, because a process without its settings must still be able to say which are missing.
    return os.environ.get("PUBLIC_BASE_URL", "").rstrip("/")


def operation(handler: Handler) -> Any:
    """Register a handler under the method and path that the table of operations has for its name."""
    entry = BY_NAME[handler.__name__]
    return http.route(entry.path, methods=[entry.method])(answers(_base_url)(handler))


async def _caller(req: func.HttpRequest, name: str) -> Caller:
    return await parts().callers.caller(req, BY_NAME[name])


@operation
async def submit_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "submit_job")
    job, replayed = await parts().service.submit(caller, job_request(req))
    return responses.submitted(job, replayed, _base_url())


@operation
async def get_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_job")
    refuse_parameters(req, ())
    job = await parts().service.get(caller, job_id(req))
    return responses.job_status(job, req.headers.get("if-none-match"), _base_url())


@operation
async def get_result(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_result")
    refuse_parameters(req, ())
    known = req.headers.get("if-none-match")
    return responses.job_result(*await parts().service.result(caller, job_id(req), known))


@operation
async def list_targets(req: func.HttpRequest) -> Answer:
    await _caller(req, "list_targets")
    refuse_parameters(req, ())
    listed = {"value": [responses.target_document(target) for target in await parts().service.targets()]}
    return responses.documents(listed, req.headers.get("if-none-match"), max_age_seconds=30)


@operation
async def get_target(req: func.HttpRequest) -> Answer:
    await _caller(req, "get_target")
    refuse_parameters(req, ())
    target = responses.target_document(await parts().service.target(req.route_params["targetId"]))
    return responses.documents(target, req.headers.get("if-none-match"), max_age_seconds=30)


@operation
async def health_live(req: func.HttpRequest) -> Answer:
    return Answer(200, {"status": "live"}, {"Cache-Control": "no-store"})


@operation
async def health_ready(req: func.HttpRequest) -> Answer:
    await parts().service.ready()
    return Answer(200, {"status": "ready"}, {"Cache-Control": "no-store"})


async def no_such_operation(req: func.HttpRequest) -> Answer:
    allowed = methods_of(req.route_params.get("path") or "")
    if allowed:
        raise MethodNotAllowed(req.method, allowed)
    raise NotFound(f"No operation has the path {req.url}.")


http.function_name(CATCH_ALL)(
    http.route("{*path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])(
        answers(_base_url)(no_such_operation)
    )
)


@shepherd.queue_trigger("message", QUEUE, connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def advance_job(message: func.QueueMessage) -> None:
    await parts().service.shepherd.advance(read_message(message.get_body()))


@shepherd.queue_trigger("message", f"{QUEUE}-poison", connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def revive_job(message: func.QueueMessage) -> None:
    await parts().service.shepherd.revive(read_message(message.get_body()))


app.register_functions(http)
app.register_functions(shepherd)
