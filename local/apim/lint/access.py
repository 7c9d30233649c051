"""Rules of who may call: anonymous operations, roles, what callers may not say of themselves, odd paths."""

import re

from local.apim.documents import Element
from local.apim.lint.subject import Found, Subject, fragments_in, in_section

_OPERATION_ID = re.compile(r'context\.Operation\.Id == "([^"]+)"')
_ROLES = re.compile(r"Needs one of the roles ([\w., ]+)\.")
_READ_ONLY = "Jobs.Read.All"
_TOKEN_POLICIES = ("validate-azure-ad-token", "validate-jwt")
ANY_PATH = "any-path-"


def token_checked(subject: Subject) -> Found:
    """Every operation is closed unless the API's policy names it."""
    for api in subject.tree.apis:
        inbound = in_section(api.policy, "inbound") if api.policy else []
        if not any(_closes(element) for element in inbound):
            place = api.policy.place if api.policy else subject.place(f"apis/{api.id}/policy.xml")
            yield place, "no token is checked for every operation: validate-azure-ad-token directly, or in <otherwise>"


def _closes(element: Element) -> bool:
    if element.name in _TOKEN_POLICIES:
        return True
    otherwise = element.child("otherwise") if element.name == "choose" else None
    return bool(otherwise) and any(child.name in _TOKEN_POLICIES for child in otherwise.children)  # type: ignore[union-attr]


def audience_pinned(subject: Subject) -> Found:
    """Without an audience any application's token of the tenant would do."""
    for element in subject.everything(*_TOKEN_POLICIES):
        audiences = element.child("audiences")
        if audiences is None or not audiences.children:
            yield element.place, "names no audience; a token for any other application of the tenant would pass"


def anonymous(subject: Subject) -> Found:
    """What anybody may call is said twice, here and in the service's specification, and must be the same."""
    for api in subject.tree.apis:
        for element in api.policy.all() if api.policy else ():
            named = set(_OPERATION_ID.findall(element.attributes.get("condition", "")))
            if not named or element.name != "when":
                continue
            imported = {operation.id for operation in api.operations}
            free = {name for name, item in subject.full.items() if not item.get("security")} & imported
            for name in sorted(named - free):
                yield element.place, f"{name} is open here, but needs a token by openapi.json; take it out"
            for name in sorted(free - named):
                yield element.place, f"{name} needs no token by openapi.json, and is not named here"


def roles(subject: Subject) -> Found:
    """Who may read only is refused before the service is asked."""
    for operation in subject.operations:
        described = _ROLES.search(subject.full.get(operation.id, {}).get("description", ""))
        if operation.policy is None or described is None:
            continue
        needed, included = _READ_ONLY not in described[1], "require-submit" in fragments_in(operation.policy)
        if needed and not included:
            yield operation.policy.place, f"{operation.id} needs {described[1]}: include the fragment require-submit"
        if included and not needed:
            yield operation.policy.place, f"{operation.id} is for readers too: do not include require-submit"


def spoofable(subject: Subject) -> Found:
    """What the gateway says of the caller, the caller must not be able to say."""
    said = {
        element.attributes["name"]
        for document in subject.below_the_global()
        for element in document.all()
        if element.name == "set-header" and element.attributes.get("name", "").startswith("X-Caller-")
    }
    if subject.tree.policy is None:
        yield subject.place("policy.xml"), "there is no policy for all APIs; it must delete X-Caller-*"
        return
    inbound = in_section(subject.tree.policy, "inbound")
    gone = {item.attributes.get("name") for item in inbound if item.attributes.get("exists-action") == "delete"}
    for name in sorted({*said, "X-Caller-Tenant", "X-Caller-Id", "X-Caller-Label", "X-Caller-Roles"} - gone):
        yield subject.tree.policy.place, f"inbound of all APIs must delete {name}, which the service believes"


def plain_path(subject: Subject) -> Found:
    """A path that fits no operation here may fit one of the host, and go around its limits."""
    for operation in subject.operations:
        if operation.policy and operation.id.startswith(ANY_PATH):
            inbound = in_section(operation.policy, "inbound")
            if len(inbound) < 2 or inbound[1].attributes.get("fragment-id") != "plain-path":
                yield operation.policy.place, "takes any path: the fragment plain-path must follow <base />"
