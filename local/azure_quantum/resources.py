"""The workspace as a resource: Azure Resource Manager's GET and Resource Graph's search by name."""

import re
from typing import Any

from local.azure_quantum.errors import Refused
from local.azure_quantum.workspace import Workspace


def resource_document(workspace: Workspace) -> dict[str, Any]:
    """Show the workspace as Microsoft.Quantum/workspaces."""
    providers = [
        {"providerId": provider.id, "provisioningState": "Succeeded"} for provider in workspace.catalogue.providers
    ]
    group = f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
    return {
        "id": workspace.resource_id,
        "name": workspace.name,
        "type": "microsoft.quantum/workspaces",
        "location": workspace.location,
        "tags": {},
        "properties": {
            "providers": providers,
            "provisioningState": "Succeeded",
            "usable": "Yes",
            "storageAccount": f"{group}/providers/Microsoft.Storage/storageAccounts/{workspace.storage.name}",
            "endpointUri": workspace.endpoint,
            "workspaceKind": workspace.kind,
            "apiKeyEnabled": True,
        },
    }


_CONDITION = re.compile(r"^where\s+(name|resourceGroup|location)\s*=~\s*'([^']*)'$")
_IGNORED = re.compile(
    r"^(Resources|where type =~ 'microsoft\.quantum/workspaces'|extend .*|project .*)$", re.IGNORECASE
)


def search(workspace: Workspace, query: str, subscriptions: list[str] | None) -> dict[str, Any]:
    """Answer the query that the azure-quantum package sends; raises Refused (400) for any other."""
    row = {
        "name": workspace.name,
        "subscriptionId": workspace.subscription_id,
        "resourceGroup": workspace.resource_group,
        "location": workspace.location,
        "endpointUri": workspace.endpoint,
        "workspaceKind": workspace.kind,
    }
    matches = subscriptions is None or workspace.subscription_id in [item.lower() for item in subscriptions]
    for clause in (part.strip() for part in query.strip().split("|")):
        condition = _CONDITION.match(clause)
        if condition is not None:
            matches = matches and row[condition[1]].lower() == condition[2].lower()
        elif not _IGNORED.match(clause):
            raise Refused(400, "InvalidQuery", f"This local Resource Graph does not understand {clause!r}.")
    rows = [row] if matches else []
    return {"totalRecords": len(rows), "count": len(rows), "data": rows, "facets": [], "resultTruncated": "false"}
