"""Answers of the workspace's API: one function per operation."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.azure_quantum import listing
from local.azure_quantum.authentication import Caller
from local.azure_quantum.errors import BlobFault, Refused, Unauthorized
from local.azure_quantum.items import Item
from local.azure_quantum.models import Job, JobRequest, JobUpdate, SasRequest, SessionRequest, parsed
from local.azure_quantum.resources import resource_document, search
from local.azure_quantum.sessions import Session
from local.azure_quantum.targets import Provider
from local.azure_quantum.times import now
from local.azure_quantum.workspace import Workspace

API_VERSIONS = ("2026-01-15-preview", "2025-12-01-preview")
MAXIMUM_BODY = 4 << 20

type Answer = Callable[[Request], Awaitable[Response]]


def json_answer(document: object, status: int = 200) -> Response:
    return JSONResponse(document, status, media_type="application/json; charset=utf-8")


def refusal(error: Refused) -> Response:
    """Answer a refusal with the service's error body."""
    answer = json_answer({"error": {"code": error.code, "message": error.message}}, error.status)
    answer.headers["x-ms-error-code"] = error.code
    return answer


def unauthorized() -> Response:
    """Answer as the service does when a key is disabled: no body."""
    return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def answering(operation: Answer) -> Answer:
    """Turn refusals into answers."""

    async def answered(request: Request) -> Response:
        try:
            return await operation(request)
        except Unauthorized:
            return unauthorized()
        except Refused as error:
            return refusal(error)
        except BlobFault as error:
            wrong = error.is_request_wrong
            return refusal(
                Refused(400 if wrong else 503, "InvalidRequest" if wrong else "StorageUnavailable", str(error))
            )

    return answered


async def body_of(request: Request) -> bytes:
    """Read the body; raises Refused (413) above the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_BODY:
            raise Refused(413, "RequestBodyTooLarge", f"The body is larger than {MAXIMUM_BODY} bytes.")
    return bytes(body)


class Responses:
    """The operations of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def _enter(self, request: Request) -> tuple[Caller, str]:
        """Admit a data plane request: gives its caller and API version.

        Raises Unauthorized, or Refused for another workspace or API version.
        """
        caller = self._workspace.authentication.data_caller(request)
        self._check_path(request)
        return caller, _version_of(request)

    def _check_path(self, request: Request) -> None:
        workspace, path = self._workspace, request.path_params
        given = (path["subscription"], path["group"], path["workspace"])
        own = (workspace.subscription_id, workspace.resource_group, workspace.name)
        if [part.lower() for part in given] != [part.lower() for part in own]:
            raise Refused(
                404, "ResourceNotFound", f"The workspace {'/'.join(given)} was not found; this one is {'/'.join(own)}."
            )

    async def sas_uri(self, request: Request) -> Response:
        """Create the container and sign it, or one blob of it."""
        self._enter(request)
        wanted = parsed(SasRequest, await body_of(request), "InvalidRequest")
        door, container = self._workspace.door, wanted.container_name
        await door.create_container(container)
        if wanted.blob_name:
            sas = door.blob_sas(container, wanted.blob_name, "racwd")
            return json_answer({"sasUri": f"{door.uri(container, wanted.blob_name)}?{sas}"})
        return json_answer({"sasUri": f"{door.uri(container)}?{door.container_sas(container, 'racwdl')}"})

    async def put_job(self, request: Request) -> Response:
        caller, version = self._enter(request)
        wanted = parsed(JobRequest, await body_of(request))
        job, is_new = self._workspace.put_job(request.path_params["job"], wanted, caller)
        document = self._workspace.jobs.document(job, version, signed=False)
        if is_new:
            self._workspace.lifecycle.begin(job)
        return json_answer(document)

    async def get_job(self, request: Request) -> Response:
        _, version = self._enter(request)
        jobs = self._workspace.jobs
        return json_answer(jobs.document(jobs.get(request.path_params["job"]), version, signed=True))

    async def update_job(self, request: Request) -> Response:
        self._enter(request)
        update = parsed(JobUpdate, await body_of(request), "InvalidRequest")
        job = self._workspace.update_job(request.path_params["job"], update)
        shown = job.request
        return json_answer({"name": shown.name, "priority": shown.priority or "Standard", "tags": shown.tags or []})

    async def delete_job(self, request: Request) -> Response:
        self._enter(request)
        self._workspace.delete_job(request.path_params["job"])
        return Response(status_code=204)

    async def cancel_job(self, request: Request) -> Response:
        """Ask a job to end; 204 as the service answers today, also when the job has ended (a choice)."""
        self._enter(request)
        self._workspace.lifecycle.cancel(self._workspace.jobs.get(request.path_params["job"]))
        return Response(status_code=204)

    async def list_jobs(self, request: Request) -> Response:
        _, version = self._enter(request)
        return self._page_of(listing.page(self._workspace.items, listing.JOBS, request), version)

    async def list_top_level_items(self, request: Request) -> Response:
        _, version = self._enter(request)
        self._workspace.sessions.refresh()
        return self._page_of(listing.page(self._workspace.items, listing.TOP_LEVEL, request), version)

    async def list_sessions(self, request: Request) -> Response:
        _, version = self._enter(request)
        self._workspace.sessions.refresh()
        return self._page_of(listing.page(self._workspace.items, listing.SESSIONS, request), version)

    async def list_session_jobs(self, request: Request) -> Response:
        """List the jobs of a session: newest first, unlike every other list."""
        _, version = self._enter(request)
        session = self._workspace.sessions.get(request.path_params["session"])
        scope = listing.of_session(session.id)
        return self._page_of(listing.page(self._workspace.items, scope, request, newest_first=True), version)

    def _page_of(self, page: listing.Page, version: str) -> Response:
        value = [self._item(item, version) for item in page.items]
        return json_answer({"value": value, "nextLink": page.next_link})

    def _item(self, item: Item, version: str) -> dict[str, Any]:
        if isinstance(item, Session):
            return item.document(version)
        if isinstance(item, Job):
            return self._workspace.jobs.document(item, version, signed=False)
        raise TypeError(f"{type(item).__name__} is not listed.")

    async def put_session(self, request: Request) -> Response:
        caller, version = self._enter(request)
        wanted = parsed(SessionRequest, await body_of(request), "InvalidRequest")
        session = self._workspace.sessions.put(request.path_params["session"], wanted, caller)
        return json_answer(session.document(version))

    async def get_session(self, request: Request) -> Response:
        _, version = self._enter(request)
        return json_answer(self._workspace.sessions.get(request.path_params["session"]).document(version))

    async def close_session(self, request: Request) -> Response:
        _, version = self._enter(request)
        return json_answer(self._workspace.sessions.close(request.path_params["session"]).document(version))

    async def provider_status(self, request: Request) -> Response:
        self._enter(request)
        workspace = self._workspace
        return json_answer({"value": workspace.catalogue.status(workspace.lifecycle.wait), "nextLink": None})

    async def quotas(self, request: Request) -> Response:
        """Show what the jobs of this month have used of each quota, and what is held for those that have not ended."""
        self._enter(request)
        workspace = self._workspace
        providers, ledger = workspace.catalogue.providers, workspace.ledger
        value = [quota for provider in providers for quota in ledger.quotas(provider, now())]
        return json_answer({"value": value, "nextLink": None})

    async def quota_usages(self, request: Request) -> Response:
        """Show what the jobs of a provider have used, target by target."""
        self._enter(request)
        return self._usages_of(request.query_params.get("providerId", ""))

    async def suite_offer_usages(self, request: Request) -> Response:
        self._enter_suite_offer(request)
        return self._usages_of(request.path_params["provider"])

    async def suite_offer_status(self, request: Request) -> Response:
        """Show one provider as providerStatus shows all."""
        self._enter_suite_offer(request)
        wanted, workspace = self._known_provider(request.path_params["provider"]), self._workspace
        status = workspace.catalogue.status(workspace.lifecycle.wait)
        return json_answer(next(provider for provider in status if provider["id"] == wanted.id))

    def _enter_suite_offer(self, request: Request) -> None:
        self._workspace.authentication.data_caller(request)
        if request.path_params["subscription"].lower() != self._workspace.subscription_id.lower():
            raise Refused.not_found("subscription", request.path_params["subscription"])
        _version_of(request)

    def _known_provider(self, provider_id: str) -> Provider:
        provider = self._workspace.catalogue.provider(provider_id)
        if provider is None:
            raise Refused.not_found("provider", provider_id)
        return provider

    def _usages_of(self, provider_id: str) -> Response:
        provider = self._known_provider(provider_id)
        return json_answer({"value": list(self._workspace.ledger.usages(provider)), "nextLink": None})

    async def not_built(self, request: Request) -> Response:
        """Refuse an operation of the service that is not built here."""
        self._enter(request)
        operation = f"{request.method} {request.path_params['rest']}"
        raise Refused(501, "NotImplemented", f"The local workspace does not have the operation {operation!r}.")

    async def get_resource(self, request: Request) -> Response:
        self._workspace.authentication.management_caller(request)
        self._check_path(request)
        return json_answer(resource_document(self._workspace))

    async def search_resources(self, request: Request) -> Response:
        self._workspace.authentication.management_caller(request)
        document: Any = await _json(request)
        query, subscriptions = document.get("query"), document.get("subscriptions")
        if not isinstance(query, str) or not isinstance(subscriptions, list | None):
            raise Refused(400, "BadRequest", "The body must have a query (text) and may have subscriptions (a list).")
        return json_answer(search(self._workspace, query, subscriptions))


def _version_of(request: Request) -> str:
    """Raises Refused for a version that is not known."""
    version = request.query_params.get("api-version", "")
    if version not in API_VERSIONS:
        known = " and ".join(API_VERSIONS)
        raise Refused(400, "UnsupportedApiVersion", f"api-version is {version!r}; the local workspace knows {known}.")
    return version


async def _json(request: Request) -> dict[str, Any]:
    try:
        document = await request.json()
    except ValueError as error:
        raise Refused(400, "BadRequest", "The body is not JSON.") from error
    if not isinstance(document, dict):
        raise Refused(400, "BadRequest", "The body must be an object.")
    return document
