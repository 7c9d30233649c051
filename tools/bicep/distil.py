"""Makes data/types.json.xz from a folder of published types: `python -m tools.bicep.distil FOLDER`.

The folder is `generated/` of github.com/Azure/bicep-types-az (MIT). Kept are the types of `CHOSEN` and what they
refer to, one version each, without descriptions. To use another type or version, add it here and run this again.
"""

import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tools.bicep.published import DATA

CHOSEN: Final = {
    "Microsoft.ApiManagement": ("2024-05-01", ("service", "service/*")),
    "Microsoft.Authorization": ("2022-04-01", ("roleAssignments", "roleDefinitions")),
    "Microsoft.Cdn": ("2025-06-01", ("profiles", "profiles/*")),
    "Microsoft.Consumption": ("2024-08-01", ("budgets",)),
    "Microsoft.KeyVault": ("2024-11-01", ("vaults", "vaults/*")),
    "Microsoft.ManagedIdentity": ("2024-11-30", ("userAssignedIdentities", "userAssignedIdentities/*")),
    "Microsoft.Network": (
        "2024-05-01",
        (
            "virtualNetworks",
            "virtualNetworks/subnets",
            "networkSecurityGroups",
            "networkSecurityGroups/securityRules",
            "privateEndpoints",
            "privateEndpoints/privateDnsZoneGroups",
        ),
    ),
    "Microsoft.Network private": ("2024-06-01", ("privateDnsZones", "privateDnsZones/*")),
    "Microsoft.OperationalInsights": ("2025-02-01", ("workspaces", "workspaces/*")),
    "Microsoft.Quantum": ("2025-12-15-preview", ("workspaces",)),
    "Microsoft.Resources": ("2024-11-01", ("resourceGroups",)),
    "Microsoft.Storage": ("2025-01-01", ("storageAccounts", "storageAccounts/*")),
    "Microsoft.Web": (
        "2024-11-01",
        ("serverfarms", "sites", "sites/config", "sites/basicPublishingCredentialsPolicies"),
    ),
    "Microsoft.Insights components": ("2020-02-02", ("components",)),
    "Microsoft.Insights workbooks": ("2023-06-01", ("workbooks",)),
    "Microsoft.Insights webtests": ("2022-06-15", ("webtests",)),
    "Microsoft.Insights metrics": ("2018-03-01", ("metricAlerts",)),
    "Microsoft.Insights diagnostics": ("2021-05-01-preview", ("diagnosticSettings",)),
    "Microsoft.Insights groups": ("2023-01-01", ("actionGroups",)),
    "Microsoft.Insights queries": ("2023-12-01", ("scheduledQueryRules",)),
    "Microsoft.Authorization locks": ("2020-05-01", ("locks",)),
}


def chosen(name: str) -> bool:
    """Whether `Provider/type@version` is one that is kept."""
    kind, version = name.split("@")
    provider, kind = kind.split("/", 1)
    for key, (wanted, kinds) in CHOSEN.items():
        if key.split(" ")[0].lower() == provider.lower() and wanted == version:
            for item in kinds:
                if item.lower() == kind.lower() or (item.endswith("/*") and kind.lower().startswith(item[:-1].lower())):
                    return True
    return False


def references(item: Any) -> Iterator[dict[str, str]]:
    """Every `$ref` within a type."""
    if isinstance(item, dict):
        if "$ref" in item:
            yield item
        for value in item.values():
            yield from references(value)
    elif isinstance(item, list):
        for value in item:
            yield from references(value)


def distil(types: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the chosen types of one file and what they refer to; number them anew."""
    places: dict[int, int] = {}
    waiting = [index for index, item in enumerate(types) if item["$type"] == "ResourceType" and chosen(item["name"])]
    while waiting:
        index = waiting.pop(0)
        if index not in places:
            places[index] = len(places)
            waiting += [int(found["$ref"][2:]) for found in references(types[index])]
    kept = json.loads(json.dumps([types[index] for index in places]))
    for found in references(kept):
        found["$ref"] = f"#/{places[int(found['$ref'][2:])]}"
    return [_without_words(item) for item in kept]


def _without_words(item: dict[str, Any]) -> dict[str, Any]:
    for properties in (item.get("properties"), item.get("baseProperties")):
        for value in (properties or {}).values():
            value.pop("description", None)
    return item


def documents(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Distil all published files under `folder`; one that has nothing chosen is left out."""
    found = {}
    for path in sorted(folder.rglob("types.json")):
        if kept := distil(json.loads(path.read_text())):
            found["/".join(path.parts[-3:-1]) + "/" + path.parts[-4]] = kept
    return found


if __name__ == "__main__":
    text = json.dumps(documents(Path(sys.argv[1])), separators=(",", ":"), sort_keys=True)
    DATA.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
