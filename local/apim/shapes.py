"""The shape of every policy that the gateway runs: attributes, children, text, and where it may stand.

Sources: Microsoft's policy reference and the policy schemas of microsoft/vscode-apimanagement for attributes and
children, the policy toolkit's context interfaces for sections (facts and dates: docs/gateway.md). A policy that is not
in this table, or an attribute that its shape has not, is refused when the tree is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Section = Literal["inbound", "backend", "outbound", "on-error"]
Scope = Literal["global", "api", "operation", "fragment"]
SECTIONS: tuple[Section, ...] = ("inbound", "backend", "outbound", "on-error")
TIERS = (
    "consumption",
    "developer",
    "basic",
    "standard",
    "premium",
    "basic-v2",
    "standard-v2",
    "premium-v2",
)
V2_TIERS = frozenset(tier for tier in TIERS if tier.endswith("-v2"))


@dataclass(frozen=True, slots=True)
class Attribute:
    """What an attribute takes: a C# type, whether it may be an expression, which words or numbers."""

    type: Literal["string", "bool", "int", "object"] = "string"
    required: bool = False
    expression: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """How often a child may stand in its parent; `most` None is any number."""

    shape: "Shape"
    least: int = 0
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """An element: what it holds. `policies` says that its children are policies themselves."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    children: Mapping[str, Child] = field(default_factory=dict)
    in_order: bool = False
    text: Literal["none", "literal", "expression"] = "none"
    policies: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: its shape, and where it may stand.

    `once` is said of policies that may stand in a section but once; `tiers` are those that have it.
    """

    shape: Shape
    sections: tuple[Section, ...] = SECTIONS
    once: bool = False
    in_fragments: bool = True
    tiers: frozenset[str] = frozenset(TIERS)


_REQUIRED = Attribute(required=True)
_OPEN = Attribute(expression=True)
_OPEN_REQUIRED = Attribute(required=True, expression=True)
_FLAG = Attribute("bool")
_OPEN_FLAG = Attribute("bool", expression=True)
_VALUE = Shape(text="expression")
_LITERAL = Shape(text="literal")
_INBOUND: tuple[Section, ...] = ("inbound",)
_CACHING = {"caching-type": Attribute(choices=("prefer-external", "external", "internal"))}
_CLASSIC_AND_V2 = frozenset(TIERS) - {"consumption"}


def _many(name: str, shape: Shape, least: int = 1) -> Child:
    return Child(Shape(children={name: Child(shape, least, None)}))


_CLAIM = Shape(
    {"name": _REQUIRED, "match": Attribute(choices=("all", "any")), "separator": Attribute()},
    {"value": Child(_VALUE, 0, None)},
)
_SET_HEADER = Shape(
    {
        "name": _OPEN_REQUIRED,
        "exists-action": Attribute(choices=("override", "append", "skip", "delete"), expression=False),
    },
    {"value": Child(_VALUE, 0, None)},
)
_SET_STATUS = Shape({"code": Attribute("int", required=True, expression=True), "reason": _OPEN})
_SET_BODY = Shape({"template": Attribute(choices=("none",))}, text="expression")
_TOKEN = {
    "header-name": Attribute(),
    "query-parameter-name": Attribute(),
    "token-value": _OPEN,
    "failed-validation-httpcode": Attribute("int", expression=True, least=400, most=599),
    "failed-validation-error-message": _OPEN,
    "output-token-variable-name": Attribute(),
}

POLICIES: Mapping[str, Policy] = {
    "base": Policy(Shape(), in_fragments=False),
    "include-fragment": Policy(Shape({"fragment-id": _REQUIRED}), in_fragments=False),
    "choose": Policy(
        Shape(
            children={
                "when": Child(
                    Shape({"condition": Attribute("bool", required=True, expression=True)}, policies=True), 1, None
                ),
                "otherwise": Child(Shape(policies=True)),
            },
            in_order=True,
        )
    ),
    "set-variable": Policy(Shape({"name": _REQUIRED, "value": Attribute("object", required=True, expression=True)})),
    "set-header": Policy(_SET_HEADER),
    "set-status": Policy(_SET_STATUS, ("outbound", "on-error")),
    "set-body": Policy(_SET_BODY),
    "return-response": Policy(
        Shape(
            children={
                "set-status": Child(_SET_STATUS),
                "set-header": Child(_SET_HEADER, 0, None),
                "set-body": Child(_SET_BODY),
            },
            in_order=True,
        )
    ),
    "validate-azure-ad-token": Policy(
        Shape(
            {**_TOKEN, "tenant-id": _OPEN_REQUIRED},
            {
                "client-application-ids": _many("application-id", _VALUE),
                "audiences": _many("audience", _VALUE),
                "required-claims": _many("claim", _CLAIM),
            },
        ),
        _INBOUND,
    ),
    "validate-jwt": Policy(
        Shape(
            {
                **_TOKEN,
                "require-expiration-time": _FLAG,
                "require-signed-tokens": _FLAG,
                "clock-skew": Attribute("int", expression=True, least=0),
            },
            {
                "openid-config": Child(Shape({"url": _REQUIRED}), 1, None),
                "audiences": _many("audience", _VALUE),
                "issuers": _many("issuer", _VALUE),
                "required-claims": _many("claim", _CLAIM),
            },
            in_order=True,
        ),
        _INBOUND,
    ),
    "rate-limit-by-key": Policy(
        Shape(
            {
                "calls": Attribute("int", required=True, expression=True, least=1),
                "renewal-period": Attribute("int", required=True, expression=True, least=1, most=300),
                "counter-key": _OPEN_REQUIRED,
                "increment-condition": _OPEN_FLAG,
                "increment-count": Attribute("int", expression=True, least=0),
                "retry-after-header-name": Attribute(),
                "retry-after-variable-name": Attribute(),
                "remaining-calls-header-name": Attribute(),
                "remaining-calls-variable-name": Attribute(),
                "total-calls-header-name": Attribute(),
            }
        ),
        _INBOUND,
        tiers=_CLASSIC_AND_V2,
    ),
    "limit-concurrency": Policy(
        Shape(
            {"key": _OPEN_REQUIRED, "max-count": Attribute("int", required=True, least=1)},
            policies=True,
        )
    ),
    "cache-lookup": Policy(
        Shape(
            {
                "vary-by-developer": Attribute("bool", required=True, choices=("false",)),
                "vary-by-developer-groups": Attribute("bool", required=True, choices=("false",)),
                "downstream-caching-type": Attribute(choices=("none", "private", "public")),
                "must-revalidate": _FLAG,
                "allow-private-response-caching": _FLAG,
                **_CACHING,
            },
            {
                "vary-by-header": Child(_LITERAL, 0, None),
                "vary-by-query-parameter": Child(_LITERAL, 0, None),
            },
        ),
        _INBOUND,
        once=True,
        in_fragments=False,
        tiers=_CLASSIC_AND_V2,
    ),
    "cache-store": Policy(
        Shape({"duration": Attribute("int", required=True, expression=True, least=1), "cache-response": _OPEN_FLAG}),
        ("outbound",),
        once=True,
        in_fragments=False,
        tiers=_CLASSIC_AND_V2,
    ),
    "cache-lookup-value": Policy(
        Shape({"key": _OPEN_REQUIRED, "default-value": _OPEN, "variable-name": _REQUIRED, **_CACHING}),
        once=True,
        in_fragments=False,
        tiers=_CLASSIC_AND_V2,
    ),
    "cache-store-value": Policy(
        Shape(
            {
                "key": _OPEN_REQUIRED,
                "value": _OPEN_REQUIRED,
                "duration": Attribute("int", required=True, expression=True, least=1),
                **_CACHING,
            }
        ),
        once=True,
        in_fragments=False,
        tiers=_CLASSIC_AND_V2,
    ),
    "cache-remove-value": Policy(Shape({"key": _OPEN_REQUIRED, **_CACHING}), tiers=_CLASSIC_AND_V2),
    "authentication-managed-identity": Policy(
        Shape(
            {
                "resource": _OPEN_REQUIRED,
                "client-id": Attribute(),
                "output-token-variable-name": Attribute(),
                "ignore-error": _FLAG,
            }
        ),
        _INBOUND,
    ),
    "set-backend-service": Policy(Shape({"backend-id": _OPEN, "base-url": _OPEN}), ("inbound", "backend")),
    "rewrite-uri": Policy(
        Shape({"template": _OPEN_REQUIRED, "copy-unmatched-params": Attribute("bool", required=True)}), _INBOUND
    ),
    "forward-request": Policy(
        Shape(
            {
                "timeout": Attribute("int", expression=True, least=1, most=240),
                "timeout-ms": Attribute("int", expression=True, least=1, most=240_000),
                "follow-redirects": Attribute("bool", choices=("false",)),
                "buffer-request-body": _FLAG,
                "buffer-response": Attribute("bool", choices=("true",)),
                "fail-on-error-status-code": _FLAG,
            }
        ),
        ("backend",),
    ),
    "retry": Policy(
        Shape(
            {
                "condition": Attribute("bool", required=True, expression=True),
                "count": Attribute("int", required=True, expression=True, least=1, most=50),
                "interval": Attribute("int", required=True, expression=True, least=0),
                "delta": Attribute("int", expression=True, least=0),
                "max-interval": Attribute("int", expression=True, least=0),
                "first-fast-retry": _FLAG,
            },
            policies=True,
        )
    ),
    "cors": Policy(
        Shape(
            {"allow-credentials": _FLAG, "terminate-unmatched-request": _FLAG},
            {
                "allowed-origins": Child(Shape(children={"origin": Child(_LITERAL, 1, None)}), 1),
                "allowed-methods": Child(
                    Shape({"preflight-result-max-age": Attribute("int", least=0)}, {"method": Child(_LITERAL, 1, None)})
                ),
                "allowed-headers": Child(Shape(children={"header": Child(_LITERAL, 1, None)})),
                "expose-headers": Child(Shape(children={"header": Child(_LITERAL, 1, None)})),
            },
        ),
        _INBOUND,
        once=True,
        in_fragments=False,
    ),
    "validate-content": Policy(
        Shape(
            {
                "unspecified-content-type-action": Attribute(
                    required=True, choices=("ignore", "prevent", "detect"), expression=False
                ),
                "max-size": Attribute("int", required=True, least=1, most=102_400),
                "size-exceeded-action": Attribute(required=True, choices=("ignore", "prevent", "detect")),
            },
            {
                "content": Child(
                    Shape(
                        {
                            "type": _REQUIRED,
                            "validate-as": Attribute(required=True, choices=("json",)),
                            "action": Attribute(required=True, choices=("ignore", "prevent", "detect")),
                            "allow-additional-properties": _FLAG,
                        }
                    ),
                    0,
                    None,
                )
            },
        ),
        ("inbound",),
    ),
    "emit-metric": Policy(
        Shape(
            {"name": _REQUIRED, "namespace": Attribute(), "value": Attribute("int", expression=True)},
            {"dimension": Child(Shape({"name": _REQUIRED, "value": _OPEN}), 1, 10)},
        ),
        ("inbound", "outbound", "on-error"),
    ),
    "trace": Policy(
        Shape(
            {"source": _REQUIRED, "severity": Attribute(choices=("verbose", "information", "error"))},
            {
                "message": Child(_VALUE, 1),
                "metadata": Child(Shape({"name": _REQUIRED, "value": _OPEN_REQUIRED}), 0, None),
            },
            in_order=True,
        )
    ),
}
