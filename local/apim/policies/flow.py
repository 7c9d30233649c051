"""Policies that hold policies: choose, retry, limit-concurrency."""

from local.apim.building import Builder
from local.apim.documents import Element
from local.apim.errors import PolicyFailed
from local.apim.exchange import Exchange, Run, run_all


def choose(element: Element, builder: Builder) -> Run:
    """Run what stands in the first `when` whose condition is true, else what stands in `otherwise`."""
    numbers = [builder.numbering.of(child) for child in element.children]
    branches = [
        (builder.value(child, "condition", True), builder.steps(child.children), number)
        for child, number in zip(element.children, numbers, strict=True)
    ]

    async def run(exchange: Exchange) -> None:
        for condition, steps, number in branches:
            if condition(exchange.context):
                exchange.services.seen[number] = 1
                await run_all(steps, exchange)
                return

    return run


def limit_concurrency(element: Element, builder: Builder) -> Run:
    """Let at most `max-count` calls of one key be between begin and end of this policy; others get 429 at once."""
    key, most, steps = (
        builder.value(element, "key"),
        int(element.attributes["max-count"]),
        builder.steps(element.children),
    )

    async def run(exchange: Exchange) -> None:
        running, name = exchange.services.running, str(key(exchange.context))
        if running[name] >= most:
            raise PolicyFailed(
                "limit-concurrency", "ConcurrencyLimitExceeded", "Too many concurrent calls.", status=429
            )
        running[name] += 1
        try:
            await run_all(steps, exchange)
        finally:
            running[name] -= 1
            if not running[name]:
                del running[name]

    return run


def retry(element: Element, builder: Builder) -> Run:
    """Run the policies inside once, and again while the condition is true, up to `count` more times.

    The pause before the n-th repetition is `interval`, with `delta` interval + delta x n, never over `max-interval`;
    with `first-fast-retry` the first has none. After the last the response stays as it is.
    """
    condition, count = builder.value(element, "condition"), builder.value(element, "count")
    interval, delta = builder.value(element, "interval"), builder.value(element, "delta", 0)
    longest, fast = builder.value(element, "max-interval"), element.attributes.get("first-fast-retry") == "true"
    steps = builder.steps(element.children)

    async def run(exchange: Exchange) -> None:
        context = exchange.context
        await run_all(steps, exchange)
        for number in range(int(count(context))):
            if not condition(context):
                return
            pause = interval(context) + delta(context) * number
            most = longest(context)
            await exchange.services.sleep(0 if fast and number == 0 else min(pause, most or pause))
            await run_all(steps, exchange)

    return run
