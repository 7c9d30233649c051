"""All rules by their names, and what breaks them in a tree."""

from collections.abc import Callable, Mapping
from pathlib import Path

from local.apim.errors import TreeRefused
from local.apim.lint import access, caching, contents, structure, throttling
from local.apim.lint.subject import Finding, Found, Subject

RULES: Mapping[str, Callable[[Subject], Found]] = {
    "base": structure.base,
    "base-first": structure.base_first,
    "one-in-backend": structure.one_in_backend,
    "hand-off-in-fragment": structure.hand_off_in_fragment,
    "hand-off-last": structure.hand_off_last,
    "hand-off-there-only": structure.hand_off_there_only,
    "operation-policy": structure.operation_policy,
    "head-comment": structure.head_comment,
    "nested-fragment": structure.nested_fragment,
    "cors-first": structure.cors_first,
    "forward-bounded": structure.forward_bounded,
    "shared-cache": caching.shared_cache,
    "vary-by-authorization": caching.vary_by_authorization,
    "vary-by-parameters": caching.vary_by_parameters,
    "caller-in-key": caching.caller_in_key,
    "removed-key-known": caching.removed_key_known,
    "value-cache-once": caching.value_cache_once,
    "lookup-default": caching.lookup_default,
    "limit-id": throttling.limit_id,
    "limit-purpose": throttling.limit_purpose,
    "limit-key-reused": throttling.limit_key_reused,
    "limit-retry-after": throttling.limit_retry_after,
    "token-checked": access.token_checked,
    "audience-pinned": access.audience_pinned,
    "anonymous": access.anonymous,
    "roles": access.roles,
    "spoofable": access.spoofable,
    "plain-path": access.plain_path,
    "body-checked": contents.body_checked,
    "problem": contents.problem,
    "named-value": contents.named_value,
    "bodies-not-logged": contents.bodies_not_logged,
    "backend-protected": contents.backend_protected,
}


def findings(folder: Path) -> list[Finding]:
    """Give everything in a tree that breaks a rule, in the order of files and lines.

    What cannot be read as artifacts (XML, JSON, a `{{name}}` that is no named value, a policy without an operation)
    breaks the rule `artifacts`, and no other rule is looked at.
    """
    try:
        subject = Subject.read(folder)
    except TreeRefused as refused:
        return sorted(Finding(fault.place, "artifacts", fault.reason) for fault in refused.faults)
    return sorted({Finding(place, name, what) for name, rule in RULES.items() for place, what in rule(subject)})
