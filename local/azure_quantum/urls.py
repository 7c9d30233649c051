"""Paths of the workspace: the data plane, and its look-ups in Azure Resource Manager and Resource Graph."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.azure_quantum.errors import Refused
from local.azure_quantum.responses import Answer, Responses, answering, refusal
from local.azure_quantum.workspace import Workspace

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
SUITE_OFFER = "/subscriptions/{subscription}/providers/Microsoft.Quantum/suiteOffers/{provider}"
WORKSPACE = f"{GROUP}/providers/Microsoft.Quantum/workspaces/{{workspace}}"
EVERY_METHOD = ["GET", "PUT", "POST", "PATCH", "DELETE"]


def application(workspace: Workspace) -> Starlette:
    """Serve a workspace; the host name does not matter, the paths tell the planes apart."""
    answers = Responses(workspace)

    def route(method: str, path: str, operation: Answer) -> Route:
        return Route(path, answering(operation), methods=[method])

    return Starlette(
        routes=[
            route("POST", f"{WORKSPACE}/storage/sasUri", answers.sas_uri),
            route("GET", f"{WORKSPACE}/jobs", answers.list_jobs),
            route("POST", f"{WORKSPACE}/jobs/{{job}}:cancel", answers.cancel_job),
            route("PUT", f"{WORKSPACE}/jobs/{{job}}", answers.put_job),
            route("GET", f"{WORKSPACE}/jobs/{{job}}", answers.get_job),
            route("PATCH", f"{WORKSPACE}/jobs/{{job}}", answers.update_job),
            route("PATCH", f"{WORKSPACE}/jobUpdateOptions/{{job}}", answers.update_job),
            route("DELETE", f"{WORKSPACE}/jobs/{{job}}", answers.delete_job),
            route("PUT", f"{WORKSPACE}/sessions/{{session}}", answers.put_session),
            route("GET", f"{WORKSPACE}/sessions/{{session}}", answers.get_session),
            route("POST", f"{WORKSPACE}/sessions/{{session}}:close", answers.close_session),
            route("GET", f"{WORKSPACE}/sessions/{{session}}/jobs", answers.list_session_jobs),
            route("GET", f"{WORKSPACE}/sessions", answers.list_sessions),
            route("GET", f"{WORKSPACE}/topLevelItems", answers.list_top_level_items),
            route("GET", f"{WORKSPACE}/providerStatus", answers.provider_status),
            route("GET", f"{WORKSPACE}/quotas", answers.quotas),
            route("GET", f"{WORKSPACE}/quotaUsages", answers.quota_usages),
            route("GET", f"{SUITE_OFFER}/quotaUsages", answers.suite_offer_usages),
            route("GET", f"{SUITE_OFFER}/providerStatus", answers.suite_offer_status),
            route("GET", WORKSPACE, answers.get_resource),
            route("POST", "/providers/Microsoft.ResourceGraph/resources", answers.search_resources),
            Route(f"{WORKSPACE}/{{rest:path}}", answering(answers.not_built), methods=EVERY_METHOD),
            Route("/{rest:path}", answering(_not_found), methods=EVERY_METHOD),
        ]
    )


async def _not_found(request: Request) -> Response:
    return refusal(Refused(404, "ResourceNotFound", f"There is nothing at {request.method} {request.url.path}."))
