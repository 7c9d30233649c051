"""The Functions app: one function per operation of the HTTP API, and those of the queues.

The host matches routes in the order of function names and answers 404 where a method is wrong; the last function turns
both into problem details.
"""

import os
from typing import Any

import azure.functions as func

from quantum_jobs import exporting, requests, responses, telemetry
from quantum_jobs.app import app as parts
from quantum_jobs.errors import MethodNotAllowed, NotFound
from quantum_jobs.job_queue import DELIVERIES, QUEUE, read_delivery, read_message
from quantum_jobs.models import Caller
from quantum_jobs.operations import BY_NAME, CATCH_ALL, methods_of
from quantum_jobs.queries import job_query, target_filter
from quantum_jobs.requests import job_id
from quantum_jobs.responses import Answer, Handler, answers

exporting.begin(os.environ)
# Keys are not how callers are known: each function checks the caller's token itself (decision 10).
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
http = func.Blueprint()
queues = func.Blueprint()


def _base_url() -> str:
    # From the environment, because a process without its settings must still be able to say which are missing.
    return os.environ.get("PUBLIC_BASE_URL", "").rstrip("/")


def operation(handler: Handler) -> Any:
    """Register a handler under the methods and path that the table of operations has for its name."""
    entry = BY_NAME[handler.__name__]
    return http.route(entry.path, methods=list(entry.methods))(answers(_base_url)(handler))


async def _caller(req: func.HttpRequest, name: str) -> Caller:
    """Give the caller of an operation when it is his turn, and refuse parameters that it does not have."""
    caller = await parts().callers.caller(req, BY_NAME[name])
    requests.refuse_parameters(req, BY_NAME[name])
    await parts().turns.take(caller.owner, reads=req.method in ("GET", "HEAD"))
    return caller


@operation
async def submit_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "submit_job")
    job, replayed = await parts().service.submit(caller, requests.job_request(req))
    return responses.submitted(job, replayed, _base_url())


@operation
async def list_jobs(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "list_jobs")
    query, sent = job_query(req.url)
    jobs, start = await parts().service.page(caller, query)
    return responses.job_page(jobs, start, sent, _base_url())


@operation
async def get_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_job")
    job = await parts().service.get(caller, job_id(req))
    return responses.job_status(job, req.headers.get("if-none-match"), _base_url())


@operation
async def patch_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "patch_job")
    change = requests.job_change(req)
    job = await parts().service.patch(caller, job_id(req), change, req.headers.get("if-match"))
    return responses.job_status(job, None, _base_url())


@operation
async def delete_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "delete_job")
    await parts().service.delete(caller, req.route_params["jobId"], req.headers.get("if-match"))
    return Answer(204)


@operation
async def cancel_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "cancel_job")
    job = await parts().service.cancel(caller, job_id(req), req.headers.get("if-match"))
    return responses.accepted(job, _base_url())


@operation
async def get_result(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_result")
    representation = responses.result_representation(req.headers.get("accept"))
    known = representation.known_etag(req.headers.get("if-none-match"))
    return responses.job_result(*await parts().service.result(caller, job_id(req), known), representation)


@operation
async def get_raw_result(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_raw_result")
    return responses.elsewhere(await parts().service.raw_result_link(caller, job_id(req)))


@operation
async def get_program(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_program")
    return responses.program(*await parts().service.program(caller, job_id(req)))


@operation
async def list_targets(req: func.HttpRequest) -> Answer:
    await _caller(req, "list_targets")
    wanted = target_filter(req.url)
    service = parts().service
    listed = [responses.target_document(target, service.terms.rates) for target in await service.targets()]
    body = {"value": [document for document in listed if wanted(document)]}
    return responses.documents(body, req.headers.get("if-none-match"), max_age_seconds=30)


@operation
async def get_target(req: func.HttpRequest) -> Answer:
    await _caller(req, "get_target")
    service = parts().service
    target = responses.target_document(await service.target(req.route_params["targetId"]), service.terms.rates)
    return responses.documents(target, req.headers.get("if-none-match"), max_age_seconds=30)


@operation
async def estimate_job(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "estimate_job")
    found = await parts().service.estimate(caller, requests.estimate_request(req))
    return responses.estimates(found, _base_url())


@operation
async def create_upload(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "create_upload")
    body = requests.upload_request(req)
    return responses.upload(*await parts().service.upload(caller, body.format, body.bytes, body.sha256))


@operation
async def get_usage(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_usage")
    return responses.usage(*await parts().service.usage(caller))


@operation
async def create_webhook(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "create_webhook")
    made = await parts().webhooks.create(caller, requests.webhook_wish(req))
    return responses.webhook_made(made, _base_url())


@operation
async def list_webhooks(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "list_webhooks")
    return responses.webhooks(await parts().webhooks.page(caller))


@operation
async def get_webhook(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "get_webhook")
    return responses.webhook(await parts().webhooks.get(caller, req.route_params["webhookId"]))


@operation
async def delete_webhook(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "delete_webhook")
    await parts().webhooks.delete(caller, req.route_params["webhookId"])
    return Answer(204)


@operation
async def test_webhook(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "test_webhook")
    return responses.webhook_trial(await parts().webhooks.test(caller, req.route_params["webhookId"]))


@operation
async def rotate_webhook_secret(req: func.HttpRequest) -> Answer:
    caller = await _caller(req, "rotate_webhook_secret")
    return responses.webhook(await parts().webhooks.rotate(caller, req.route_params["webhookId"]))


@operation
async def get_openapi(req: func.HttpRequest) -> Answer:
    from quantum_jobs.openapi import specification  # not on the cold path: it needs the models of all answers

    return responses.documents(specification(_base_url()), req.headers.get("if-none-match"), max_age_seconds=300)


@operation
async def get_error(req: func.HttpRequest) -> Answer:
    from quantum_jobs.error_pages import error_page

    return Answer(200, error_page(req.route_params["slug"], _base_url()), responses.PAGE_HEADERS)


@operation
async def health_live(req: func.HttpRequest) -> Answer:
    return Answer(200, {"status": "live"}, responses.NO_STORE)


@operation
async def health_ready(req: func.HttpRequest) -> Answer:
    await parts().service.ready()
    return Answer(200, {"status": "ready"}, responses.NO_STORE)


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


@queues.queue_trigger("message", QUEUE, connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def advance_job(message: func.QueueMessage) -> None:
    taken = read_message(message.get_body())
    with telemetry.handling("advance_job", taken.job_id):
        await parts().service.shepherd.advance(taken)


@queues.queue_trigger("message", f"{QUEUE}-poison", connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def revive_job(message: func.QueueMessage) -> None:
    taken = read_message(message.get_body())
    with telemetry.handling("revive_job", taken.job_id):
        await parts().service.shepherd.revive(taken)


@queues.queue_trigger("message", DELIVERIES, connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def deliver_event(message: func.QueueMessage) -> None:
    repeated = (message.dequeue_count or 1) > 1
    taken = read_delivery(message.get_body())
    with telemetry.handling("deliver_event", taken.job_id):
        await parts().deliverer.deliver(taken, repeated)


@queues.queue_trigger("message", f"{DELIVERIES}-poison", connection="AzureWebJobsStorage")  # type: ignore[untyped-decorator]
async def keep_undelivered(message: func.QueueMessage) -> None:
    taken = read_delivery(message.get_body())
    with telemetry.handling("keep_undelivered", taken.job_id):
        await parts().deliverer.give_up(taken)


app.register_functions(http)
app.register_functions(queues)
