"""Backends: what is read of their artifacts, pools, and the way of a call through both and the breakers."""

import asyncio
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.artifacts import Information
from local.apim.backend_entities import Member, Pool, Single, read_backends
from local.apim.backends import Backends, Turns
from local.apim.breakers import Rule
from local.apim.context import Body, Headers, Response
from local.apim.errors import Place, PolicyFailed, PolicyRefused
from local.errors import LocalCloudError

FILE = Path("backends/one/backendInformation.json")
ONE: dict[str, Any] = {
    "title": "One",
    "description": "The only one.",
    "url": "https://one.example/v1/",
    "protocol": "http",
    "tls": {"validateCertificateChain": True, "validateCertificateName": True},
    "circuitBreaker": {
        "rules": [
            {
                "name": "rule",
                "failureCondition": {
                    "count": 2,
                    "interval": "PT30S",
                    "statusCodeRanges": [{"min": 502, "max": 504}],
                    "errorReasons": ["Timeout", "BackendConnectionFailure"],
                },
                "tripDuration": "PT10S",
                "acceptRetryAfter": True,
            }
        ]
    },
}


def artifacts(**backends: dict[str, Any]) -> dict[str, Information]:
    return {name: Information(properties, Place(FILE, 1)) for name, properties in backends.items()}


def pool(*services: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Pool", "pool": {"services": list(services)}}


def member(name: str, **options: Any) -> dict[str, Any]:
    return {"id": f"/backends/{name}", **options}


def changed(path: str, value: Any) -> dict[str, Any]:
    """ONE with another value at a path (`a.b.0.c`), or without it if the value is None."""
    backend = deepcopy(ONE)
    *above, last = path.split(".")
    where: Any = backend
    for step in above:
        where = where[int(step) if step.isdigit() else step]
    if value is None:
        del where[last]
    else:
        where[last] = value
    return backend


def test_a_backend_is_read_with_its_rule() -> None:
    rule = Rule(
        "rule",
        30.0,
        10.0,
        2,
        0,
        ((502, 504),),
        frozenset({"Timeout", "BackendConnectionFailure"}),
        accepts_retry_after=True,
    )
    assert read_backends(artifacts(one=ONE)) == {"one": Single("https://one.example/v1", rule)}


def test_a_pool_is_read_with_its_members() -> None:
    two = {"url": "http://127.0.0.1:1"}
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/a/backends/two"
    found = read_backends(artifacts(all=pool(member("one", priority=2, weight=3), {"id": path}), one=ONE, two=two))
    assert found["all"] == Pool((Member("one", 2, 3), Member("two")))


def said(refused: PolicyRefused) -> str:
    assert (refused.place.file, refused.place.line) == (FILE, 1)
    return f"{refused.place.what} {refused.reason}"


RULES = "circuitBreaker.rules"
CONDITION = f"{RULES}.0.failureCondition"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("credentials", {}, "credentials is not run here"),
        ("proxy", {}, "proxy is not run here"),
        ("protocol", "soap", "protocol only http"),
        ("tls", {"validateCertificateChain": False}, "tls.validateCertificateChain certificates are always checked"),
        ("tls", {"serverX509Names": []}, "tls.serverX509Names"),
        ("tls", [], "tls must be an object"),
        ("type", "Cluster", "type 'Cluster'"),
        ("pool", {"services": []}, "type 'Single'"),
        ("url", None, "url None"),
        ("url", 1, "url 1"),
        ("url", "ftp://one", "url 'ftp://one'"),
        ("url", "one.example", "url 'one.example'"),
        ("url", "https://one:port", "url 'https://one:port'"),
        ("url", "https://one?x=1", "url 'https"),
        ("url", "https://me@one", "url 'https"),
        ("circuitBreaker", {}, "circuitBreaker.rules must be a list"),
        ("circuitBreaker.more", 1, "more is not run here"),
        (RULES, [], "circuitBreaker a circuit breaker has one rule"),
        (RULES, ["x"], "must be an object"),
        (f"{RULES}.0.more", 1, "more is not run here"),
        (f"{RULES}.0.tripDuration", None, "tripDuration None"),
        (f"{RULES}.0.tripDuration", "10", "tripDuration '10'"),
        (f"{RULES}.0.tripDuration", "PT", "tripDuration 'PT'"),
        (f"{RULES}.0.tripDuration", "P", "tripDuration 'P'"),
        (f"{RULES}.0.tripDuration", "PT0S", "tripDuration 'PT0S'"),
        (f"{RULES}.0.tripDuration", "P1M", "tripDuration 'P1M'"),
        (f"{RULES}.0.tripDuration", "PT1.5S", "tripDuration 'PT1.5S'"),
        (f"{RULES}.0.acceptRetryAfter", "yes", "acceptRetryAfter must be true or false"),
        (f"{CONDITION}.percentage", 1, "count or percentage"),
        (f"{CONDITION}.count", None, "count or percentage"),
        (f"{CONDITION}.count", 0, "count 0 is not a whole number"),
        (f"{CONDITION}.count", True, "count True"),
        (f"{CONDITION}.count", "3", "count '3'"),
        (f"{CONDITION}.interval", None, "interval None"),
        (f"{CONDITION}.more", 1, "more is not run here"),
        (f"{CONDITION}.errorReasons", ["Weather"], "errorReasons 'Weather' is not known"),
        (f"{CONDITION}.statusCodeRanges", [{"min": 504, "max": 502}], "504 is above 502"),
        (f"{CONDITION}.statusCodeRanges", [{"min": 500}], "max None"),
        (f"{CONDITION}.statusCodeRanges", [{"min": 100, "max": 502}], "min 100"),
    ],
)
def test_what_is_not_run_here_is_refused_with_its_place(path: str, value: Any, told: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        read_backends(artifacts(one=changed(path, value)))
    assert told in said(refused.value)


def test_a_rule_without_failures_is_refused() -> None:
    backend = changed(f"{CONDITION}.statusCodeRanges", [])
    backend["circuitBreaker"]["rules"][0]["failureCondition"]["errorReasons"] = []
    with pytest.raises(PolicyRefused, match="nothing is a failure"):
        read_backends(artifacts(one=backend))


@pytest.mark.parametrize(
    ("all_", "told"),
    [
        (pool(), "has members"),
        (pool(member("one"), member("one")), "each once"),
        (pool(member("two")), "no backend is called 'two'"),
        (pool(member("all")), "'all' is a pool itself"),
        (pool({"id": "one"}), "must end in /backends/NAME"),
        (pool({"id": "/backends/"}), "must end in /backends/NAME"),
        (pool(member("one", weight=0)), "weight 0"),
        (pool(member("one", priority=-1)), "priority -1"),
        (pool(member("one", more=1)), "more is not run here"),
        ({"type": "Pool"}, "pool must be an object"),
        (pool(member("one")) | {"circuitBreaker": {}}, "a pool has none"),
        ({"type": "Pool", "pool": {"services": [], "failover": 1}}, "failover is not run here"),
    ],
)
def test_a_pool_that_is_not_run_here_is_refused(all_: dict[str, Any], told: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        read_backends(artifacts(one=ONE, all=all_))
    assert told in said(refused.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT1S", 1), ("PT5M", 300), ("PT1H", 3600), ("P1D", 86_400), ("P1DT1H1M1S", 90_061), ("PT90S", 90)],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    (backend,) = read_backends(artifacts(one=changed(f"{RULES}.0.tripDuration", text))).values()
    assert isinstance(backend, Single)
    assert backend.rule
    assert backend.rule.trip == seconds


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_in_as_many_turns_as_all_weights_each_member_has_its_share(weights: list[int]) -> None:
    members = [Member(str(number), weight=weight) for number, weight in enumerate(weights)]
    turns = Turns(members)
    for _ in range(3):
        chosen = Counter(turns.next(members) for _ in range(sum(weights)))
        assert chosen == {member.name: member.weight for member in members}


class Sent:
    """A forwarder that answers as each address is told to, and remembers what was asked of which."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status: dict[str, int] = {}
        self.failure: dict[str, str] = {}
        self.headers = Headers()

    async def forward(self, url: str, *_: Any) -> Response:
        self.asked.append(url)
        if url in self.failure:
            raise PolicyFailed("forward-request", self.failure[url], "no")
        return Response(self.status.get(url, 200), headers=self.headers, body=Body(b""))

    def close(self) -> None: ...


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class World:
    """Backends a, b and c in a pool (c comes second), with a forwarder that sends nothing."""

    def __init__(self) -> None:
        self.sent, self.clock = Sent(), Clock()
        singles = {name: ONE | {"url": f"https://{name}"} for name in "abc"}
        listed = pool(member("a", weight=2), member("b"), member("c", priority=2))
        self.backends = Backends(artifacts(**singles, all=listed), forwarder=self.sent, clock=self.clock)  # type: ignore[arg-type]

    def call(self, backend: str = "all") -> Response:
        return asyncio.run(self.backends.forward(backend, "GET", "/", Headers(), b"", 1.0))

    def calls(self, count: int, backend: str = "all") -> Counter[str]:
        self.sent.asked.clear()
        for _ in range(count):
            self.call(backend)
        return Counter(url.removeprefix("https://") for url in self.sent.asked)


@pytest.fixture
def world() -> World:
    return World()


def test_a_call_goes_to_the_named_backend_or_straight_to_an_address(world: World) -> None:
    world.call("b")
    world.call("http://elsewhere/v1")
    assert world.sent.asked == ["https://b", "http://elsewhere/v1"]
    with pytest.raises(PolicyFailed, match="No backend is called 'x'"):
        world.call("x")


def test_a_pool_shares_by_weight_among_the_first_priority(world: World) -> None:
    assert world.calls(9) == {"a": 6, "b": 3}


def test_members_with_an_open_breaker_are_left_out_until_it_closes(world: World) -> None:
    world.sent.status["https://a"] = 503
    world.calls(2, "a")
    assert world.calls(3) == {"b": 3}
    world.sent.failure["https://b"] = "Timeout"
    for _ in range(2):
        with pytest.raises(PolicyFailed, match="no"):
            world.call("b")
    assert world.calls(3) == {"c": 3}
    world.sent.status["https://a"] = 200
    world.clock.now = 10
    del world.sent.failure["https://b"]
    assert world.calls(3) == {"a": 2, "b": 1}


def test_when_no_member_is_left_the_answer_tells_when_the_first_comes_back(world: World) -> None:
    world.sent.status = {f"https://{name}": 503 for name in "abc"}
    for seconds, name in ((3, "a"), (1, "b"), (0, "c")):
        world.calls(2, name)
        world.clock.now += seconds
    world.sent.asked.clear()
    with pytest.raises(PolicyFailed) as failure:
        world.call()
    assert (failure.value.status, failure.value.headers) == (503, (("Retry-After", "6"),))
    assert world.sent.asked == []


def test_an_open_breaker_sends_nothing(world: World) -> None:
    world.sent.status["https://a"], world.sent.headers = 503, Headers([("Retry-After", "40")])
    world.calls(2, "a")
    world.clock.now = 39
    world.sent.asked.clear()
    with pytest.raises(PolicyFailed, match="circuit breaker is open for another 1 seconds"):
        world.call("a")
    assert world.sent.asked == []


def test_addresses_of_the_command_line_stand_for_those_of_the_artifacts() -> None:
    sent = Sent()
    backends = Backends(artifacts(one=ONE), addresses={"one": "http://127.0.0.1:1/v1"}, forwarder=sent)  # type: ignore[arg-type]
    asyncio.run(backends.forward("one", "GET", "/", Headers(), b"", 1.0))
    assert sent.asked == ["http://127.0.0.1:1/v1"]
    with pytest.raises(LocalCloudError, match="No single backend is called 'two'; there are: one"):
        Backends(artifacts(one=ONE), addresses={"two": "http://127.0.0.1:1"})
