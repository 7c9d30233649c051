"""validate-azure-ad-token and validate-jwt: who calls. What a token must be is checked by `local.apim.tokens`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.apim.building import Builder
from local.apim.context import Context, Jwt
from local.apim.documents import Element
from local.apim.errors import PolicyFailed, PolicyRefused
from local.apim.exchange import Exchange, Run
from local.apim.tokens import RequiredClaim, check_tenant, entra_configuration, entra_issuers
from local.apim.values import Read

type Found = Callable[[Context], str | None]


def validate_azure_ad_token(element: Element, builder: Builder) -> Run:
    """Check a token of one tenant of Entra ID."""
    place = element.place.at("tenant-id")
    if "@" in element.attributes["tenant-id"]:
        raise PolicyRefused(place, "an expression is not run here")
    tenant = check_tenant(element.attributes["tenant-id"], place)
    applications = _texts(element, builder, "client-application-ids")
    configurations, issuers = [entra_configuration(tenant)], entra_issuers(tenant)

    def wanted(context: Context) -> Mapping[str, Any]:
        named = [application(context) for application in applications]
        return {"configurations": configurations, "issuers": issuers, "tenant": tenant, "applications": named}

    return _checked(element, builder, wanted)


def validate_jwt(element: Element, builder: Builder) -> Run:
    """Check a token of any issuer that publishes its keys."""
    for name in ("require-expiration-time", "require-signed-tokens"):
        if element.attributes.get(name, "true") != "true":
            raise PolicyRefused(element.place.at(name), "a token without it is never taken here")
    configurations = [child.attributes["url"] for child in element.children if child.name == "openid-config"]
    issuers, skew = _texts(element, builder, "issuers"), builder.value(element, "clock-skew", 0)

    def wanted(context: Context) -> Mapping[str, Any]:
        named = [issuer(context) for issuer in issuers]
        return {"configurations": configurations, "issuers": named, "clock_skew": int(skew(context))}

    return _checked(element, builder, wanted)


def _checked(element: Element, builder: Builder, wanted: Callable[[Context], Mapping[str, Any]]) -> Run:
    """Make what checks the token by what both policies have, and by what one of them wants beside."""
    read, audiences, claims = _token(element, builder), _texts(element, builder, "audiences"), _claims(element, builder)
    keep, failed = _keep(element), _failure(element, builder)

    async def run(exchange: Exchange) -> None:
        context = exchange.context
        try:
            jwt = await exchange.services.tokens.check(
                read(context),
                source=element.name,
                audiences=[audience(context) for audience in audiences],
                claims=claims,
                **wanted(context),
            )
        except PolicyFailed as failure:
            raise failed(context, failure) from failure
        keep(context, jwt)

    return run


def _token(element: Element, builder: Builder) -> Found:
    """Make what finds the token: in a header (`Authorization` unless said), a query parameter, or a value."""
    header, parameter = element.attributes.get("header-name"), element.attributes.get("query-parameter-name")
    named = [name for name in ("header-name", "query-parameter-name", "token-value") if name in element.attributes]
    if len(named) > 1:
        raise PolicyRefused(element.place, f"one of {', '.join(named)} says where the token is")
    if "token-value" in element.attributes:
        return builder.value(element, "token-value")
    if parameter:
        return lambda context: next(iter(context.request.original_url.query.get(parameter, ())), None)
    name = header or "Authorization"
    return lambda context: context.request.headers.get(name) or None


def _texts(element: Element, builder: Builder, name: str) -> Sequence[Read]:
    parent = element.child(name)
    return [builder.text(child) for child in parent.children] if parent else []


def _claims(element: Element, builder: Builder) -> Sequence[RequiredClaim]:
    parent = element.child("required-claims")
    return [_claim(child) for child in parent.children] if parent else []


def _claim(element: Element) -> RequiredClaim:
    values = tuple(child.text.strip() for child in element.children)
    if any(value.startswith("@") for value in values):
        raise PolicyRefused(element.place, "expressions as values of claims are not run here")
    given = element.attributes.get
    return RequiredClaim(given("name", ""), values, given("match", "all") == "any", given("separator") or None)


def _keep(element: Element) -> Callable[[Context, Jwt], None]:
    name = element.attributes.get("output-token-variable-name")

    def keep(context: Context, jwt: Jwt) -> None:
        if name:
            context.variables[name] = jwt

    return keep


def _failure(element: Element, builder: Builder) -> Callable[[Context, PolicyFailed], PolicyFailed]:
    """Make what gives a refusal the status and the message of the policy; failures of ours keep their own."""
    status = builder.value(element, "failed-validation-httpcode", 401)
    message = builder.value(element, "failed-validation-error-message")

    def failed(context: Context, failure: PolicyFailed) -> PolicyFailed:
        if failure.status != 401:
            return failure
        said = message(context) or failure.message
        return PolicyFailed(failure.source, failure.reason, said, status=int(status(context)))

    return failed
