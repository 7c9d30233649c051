"""cors: which pages may call. Preflights never reach the backend; answers to allowed origins say so.

Source: policy reference, cors. It writes `*` only where no credentials are allowed; headers and methods are those
of the policy. A preflight that is not allowed gets 200 without headers, as the reference says, unless
`terminate-unmatched-request` is false.
"""

from local.apim.building import Builder
from local.apim.context import Headers, Response
from local.apim.documents import Element
from local.apim.errors import PolicyRefused
from local.apim.exchange import Exchange, Returned, Run

_PREFLIGHT = "Access-Control-Request-Method"


def is_preflight(method: str, headers: Headers) -> bool:
    """Tell whether a browser asks before it calls."""
    return method == "OPTIONS" and "Origin" in headers and _PREFLIGHT in headers


class _Cors:
    def __init__(self, element: Element) -> None:
        self.origins = _listed(element, "allowed-origins")
        self.methods = [method.upper() for method in _listed(element, "allowed-methods")] or ["GET", "POST"]
        self.headers = _listed(element, "allowed-headers")
        self.exposed = _listed(element, "expose-headers")
        self.credentials = element.attributes.get("allow-credentials") == "true"
        self.stops = element.attributes.get("terminate-unmatched-request", "true") == "true"
        methods = element.child("allowed-methods")
        self.seconds = methods.attributes.get("preflight-result-max-age") if methods else None
        if self.credentials and "*" in self.origins:
            raise PolicyRefused(element.place, "credentials cannot be allowed to every origin")

    def origin(self, origin: str) -> str | None:
        """Give what to say of an origin; None when it is not allowed."""
        if "*" in self.origins:
            return "*"
        return origin if origin.lower() in (known.lower() for known in self.origins) else None

    def allows(self, method: str, headers: str) -> bool:
        asked = {name.strip().lower() for name in headers.split(",") if name.strip()}
        known = {name.lower() for name in self.headers}
        return ("*" in self.methods or method.upper() in self.methods) and ("*" in known or asked <= known)

    def common(self, response: Response, allowed: str) -> None:
        response.headers.set("Access-Control-Allow-Origin", [allowed])
        if allowed != "*":
            response.headers.add("Vary", "Origin")
        if self.credentials:
            response.headers.set("Access-Control-Allow-Credentials", ["true"])

    def preflight(self, response: Response, allowed: str, asked: str) -> None:
        self.common(response, allowed)
        response.headers.set("Access-Control-Allow-Methods", [",".join(self.methods)])
        if self.headers:
            response.headers.set(
                "Access-Control-Allow-Headers", [asked if "*" in self.headers else ",".join(self.headers)]
            )
        if self.seconds:
            response.headers.set("Access-Control-Max-Age", [self.seconds])

    def answered(self, response: Response, allowed: str) -> None:
        self.common(response, allowed)
        if self.exposed:
            response.headers.set("Access-Control-Expose-Headers", [",".join(self.exposed)])


def cors(element: Element, _builder: Builder) -> Run:
    policy = _Cors(element)

    def run(exchange: Exchange) -> None:
        request = exchange.context.request
        origin = request.headers.get("Origin")
        if not origin:
            return
        allowed = policy.origin(origin)
        if not is_preflight(request.method, request.headers):
            if allowed:
                exchange.at_end.append(lambda response: policy.answered(response, allowed))
            return
        asked = request.headers.get("Access-Control-Request-Headers")
        fits = allowed and policy.allows(request.headers.get(_PREFLIGHT), asked)
        if not fits and not policy.stops:
            return
        exchange.context.response = Response(200, "OK")
        if allowed and fits:
            policy.preflight(exchange.context.response, allowed, asked)
        raise Returned

    return run


def _listed(element: Element, name: str) -> list[str]:
    parent = element.child(name)
    return [child.text.strip() for child in parent.children] if parent else []
