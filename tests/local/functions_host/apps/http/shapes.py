"""A blueprint in a module of its own."""

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.route(route="shapes", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def shapes(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("round")
