"""Azure's built-in roles: every id in a file is one of these, and stands under its role's name."""

import re
from typing import Final

from tools.bicep.declarations import Declaration, File
from tools.bicep.nodes import Expression, Literal, Object, walk

ROLES: Final = {
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "c1410b24-3e69-4857-8f86-4d0a2e603250": "Quantum Workspace Data Contributor",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "73c42c96-874c-492b-b04d-ab87d138a893": "Log Analytics Reader",
}
# Never needed by this service.
TOO_MUCH: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def check(file: File) -> None:
    """Report ids of roles that do not exist, give too much, or stand under another role's name."""
    for item in file.declarations:
        for root in _roots(item):
            for node in walk(root):
                if isinstance(node, Object):
                    for member in node.members:
                        _check_name(member.key, member.value, file)
                if isinstance(node, Literal) and isinstance(node.value, str) and _ID.fullmatch(node.value):
                    _check_id(node.value.lower(), node, file)


def _roots(item: Declaration) -> list[Expression]:
    return [value for value in vars(item).values() if isinstance(value, Expression)]


def _check_id(value: str, node: Literal, file: File) -> None:
    if value in TOO_MUCH:
        file.report(
            node.place,
            "role-too-much",
            f"the role {TOO_MUCH[value]} gives more than any part needs",
            "take a data role",
        )
    elif value not in ROLES:
        file.report(
            node.place, "role", f"{value} is none of the roles that are used here", "see ROLES in tools/bicep/roles.py"
        )


def _check_name(key: str | None, value: Expression, file: File) -> None:
    if key is None or not isinstance(value, Literal) or not isinstance(value.value, str):
        return
    given = ROLES.get(value.value.lower())
    wanted = next((role for role in ROLES.values() if role.replace(" ", "").lower() == key.lower()), None)
    if wanted != given and key != "roleDefinitionId" and (wanted or given):
        said = f"the id of {given}" if given else "no id of a role"
        file.report(value.place, "role-name", f"this is {said}, and stands under '{key}'")
