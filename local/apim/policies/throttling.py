"""rate-limit-by-key: so many calls of a key in a period, then 429 with Retry-After.

Chosen, because no document tells: headers of calls that are left are set on whatever is answered in the end; a
condition that looks at the response is asked when there is one, until then the call only has to find a place.
"""

from dataclasses import dataclass

from local.apim.building import Builder
from local.apim.context import Context, Response
from local.apim.csharp import boxed_int
from local.apim.documents import Element
from local.apim.errors import PolicyFailed
from local.apim.exchange import Exchange, Run
from local.apim.limiters import Verdict
from local.apim.values import Read


@dataclass(frozen=True, slots=True)
class _Limit:
    calls: Read
    period: Read
    key: Read
    condition: Read
    count: Read
    after_response: bool
    retry_header: str
    retry_variable: str | None
    left_header: str | None
    left_variable: str | None
    total_header: str | None

    def numbers(self, context: Context) -> tuple[str, int, int]:
        return str(self.key(context)), int(self.calls(context)), int(self.period(context))


def rate_limit_by_key(element: Element, builder: Builder) -> Run:
    given = element.attributes.get
    limit = _Limit(
        calls=builder.value(element, "calls"),
        period=builder.value(element, "renewal-period"),
        key=builder.value(element, "counter-key"),
        condition=builder.value(element, "increment-condition", True),
        count=builder.value(element, "increment-count", 1),
        after_response="context.Response" in given("increment-condition", ""),
        retry_header=given("retry-after-header-name", "Retry-After"),
        retry_variable=given("retry-after-variable-name"),
        left_header=given("remaining-calls-header-name"),
        left_variable=given("remaining-calls-variable-name"),
        total_header=given("total-calls-header-name"),
    )
    return lambda exchange: _run(limit, exchange)


def _run(limit: _Limit, exchange: Exchange) -> None:
    context, limiter = exchange.context, exchange.services.limiter
    key, calls, period = limit.numbers(context)
    if limit.after_response or not limit.condition(context):
        verdict = limiter.look(key, calls, period)
    else:
        verdict = limiter.take(key, calls, period, int(limit.count(context)))
    if not verdict.allowed:
        _reject(limit, verdict, context)
    _tell(limit, verdict, calls, exchange)
    if limit.after_response:
        exchange.at_end.append(lambda _: _count(limit, exchange))


def _reject(limit: _Limit, verdict: Verdict, context: Context) -> None:
    if limit.retry_variable:
        context.variables[limit.retry_variable] = boxed_int(verdict.retry_after)
    message = f"Rate limit is exceeded. Try again in {verdict.retry_after} seconds."
    headers = ((limit.retry_header, str(verdict.retry_after)),)
    raise PolicyFailed("rate-limit-by-key", "RateLimitExceeded", message, status=429, headers=headers)


def _tell(limit: _Limit, verdict: Verdict, calls: int, exchange: Exchange) -> None:
    if limit.left_variable:
        exchange.context.variables[limit.left_variable] = boxed_int(verdict.remaining)
    told = {limit.left_header: verdict.remaining, limit.total_header: calls}

    def add(response: Response) -> None:
        for name, value in told.items():
            if name and name not in response.headers:
                response.headers.set(name, [str(value)])

    if limit.left_header or limit.total_header:
        exchange.at_end.append(add)


def _count(limit: _Limit, exchange: Exchange) -> None:
    context = exchange.context
    if limit.condition(context):
        key, calls, period = limit.numbers(context)
        exchange.services.limiter.count(key, calls, period, int(limit.count(context)))
