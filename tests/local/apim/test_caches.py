"""The cache of values and the cache of responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.apim.caches import MAX_ENTRY_OCTETS, Mode, ResponseCache, ResponseKey, ValueCache
from local.apim.context import Body, Context, Headers, Named, Request, Response, Url


class Clock:
    """A clock that tests set, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def call(path: str = "/v1/targets", query: dict[str, list[str]] | None = None, **headers: str) -> Context:
    url = Url("https", "host", 443, path, query or {})
    request = Request("GET", "127.0.0.1", Headers(headers.items()), url, url)
    return Context(request, api=Named("quantum-jobs", "Quantum Jobs"), operation=Named("list-targets", "List"))


def key(context: Context | None = None) -> ResponseKey:
    return ResponseCache.key(context or call(), ["Accept"], ["kind"])


def answer(octets: bytes = b"body", status: int = 200) -> Response:
    return Response(status, "Fine", Headers([("Content-Type", "text/plain"), ("Via", "a"), ("Via", "b")]), Body(octets))


def test_a_value_is_found_until_it_expires_and_not_after() -> None:
    clock = Clock()
    cache = ValueCache(clock=clock)
    cache.set("key", "value", 30)
    clock.now = 29.999
    assert cache.get("key") == "value"
    clock.now = 30
    assert (cache.get("key"), len(cache), cache.octets) == (None, 0, 0)


def test_values_that_nobody_asks_for_again_do_not_pile_up() -> None:
    clock = Clock()
    cache = ValueCache(clock=clock)
    for second in range(1000):
        clock.now = second
        cache.set(f"key {second}", "value", 30)
    assert len(cache) == 30
    assert [cache.get(f"key {second}") for second in (969, 970, 999)] == [None, "value", "value"]


def test_a_value_replaces_the_older_one_with_its_time() -> None:
    clock = Clock()
    cache = ValueCache(clock=clock)
    cache.set("key", "old", 30)
    cache.set("key", "new", 10)
    assert (cache.get("key"), len(cache)) == ("new", 1)
    clock.now = 10
    assert cache.get("key") is None


def test_a_removed_value_is_gone_and_removing_nothing_is_no_error() -> None:
    cache = ValueCache()
    cache.set("key", "value", 30)
    cache.remove("key")
    cache.remove("key")
    assert (cache.get("key"), cache.octets) == (None, 0)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_value_without_a_duration_is_not_stored_and_ends_the_older_one(seconds: int) -> None:
    cache = ValueCache()
    cache.set("key", "old", 30)
    cache.set("key", "new", seconds)
    assert cache.get("key") is None


@pytest.mark.parametrize("unit", ["x", "\u00e9", b"x"])
def test_two_mebibytes_are_stored_and_one_octet_more_is_not(unit: str | bytes) -> None:
    width = len(unit.encode()) if isinstance(unit, str) else 1
    cache = ValueCache()
    cache.set("k" * 2, unit * ((MAX_ENTRY_OCTETS - 2) // width), 30)
    cache.set("k" * 3, unit * ((MAX_ENTRY_OCTETS - 2) // width), 30)
    assert cache.get("kk")
    assert cache.get("kkk") is None


def test_the_least_recently_used_value_goes_first() -> None:
    cache = ValueCache(max_octets=3 * (256 + 1 + 100))
    for name in "abc":
        cache.set(name, "x" * 100, 30)
    cache.get("a")
    cache.set("d", "x" * 100, 30)
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]


ACTIONS = st.tuples(st.sampled_from("abcdef"), st.integers(0, 3000), st.integers(0, 20), st.integers(0, 5))


@given(st.lists(ACTIONS, max_size=60))
def test_what_is_found_is_what_was_stored_last_and_the_bound_holds_after_each_step(
    actions: list[tuple[str, int, int, int]],
) -> None:
    clock, bound = Clock(), 5000
    cache, model = ValueCache(max_octets=bound, clock=clock), dict[str, tuple[str, float]]()
    for name, size, seconds, gap in actions:
        clock.now += gap
        value = f"{clock.now}".ljust(size, "x")
        cache.set(name, value, seconds)
        model[name] = value, clock.now + seconds
        assert cache.octets <= bound
        assert cache.octets == sum(entry.octets for entry in cache._entries.values())
        for known, (expected, until) in model.items():
            found = cache.get(known)
            assert found is None or (found == expected and clock.now < until)
        assert seconds == 0 or cache.get(name) == value


def test_a_cache_that_is_off_finds_nothing() -> None:
    cache, responses = ValueCache("off"), ResponseCache("off")
    cache.set("key", "value", 30)
    responses.set(key(), answer(), 30)
    assert cache.get("key") is None
    assert responses.get(key()) is None
    assert (len(cache), len(responses)) == (0, 0)


def test_a_failing_cache_fails_silently_as_often_as_told_and_the_same_way_each_time() -> None:
    def found(seed: int) -> list[bool]:
        cache = ValueCache("failing", failure_probability=0.3, seed=seed)
        for number in range(1000):
            cache.set(str(number), "value", 30)
        return [cache.get(str(number)) is not None for number in range(1000)]

    assert found(1) == found(1) != found(2)
    assert 430 < sum(found(1)) < 550  # 0.7 of the stores and 0.7 of the look-ups


def test_a_failing_cache_may_keep_what_was_to_be_removed() -> None:
    cache = ValueCache("failing", failure_probability=0.0)
    cache.set("key", "value", 30)
    cache._failure_probability = 1.0
    cache.remove("key")
    cache._failure_probability = 0.0
    assert cache.get("key") == "value"


@pytest.mark.parametrize("mode", ["on", "failing"])
def test_a_response_comes_back_as_it_was_whatever_became_of_the_one_given(mode: Mode) -> None:
    cache = ResponseCache(mode, failure_probability=0.0)
    given_response = answer()
    cache.set(key(), given_response, 30)
    given_response.headers.set("Via", ["changed"])
    given_response.body.take(preserve=False)
    for _ in range(2):
        found = cache.get(key())
        assert found is not None
        assert (found.status, found.reason, found.body.octets) == (200, "Fine", b"body")
        assert list(found.headers) == [("Content-Type", "text/plain"), ("Via", "a"), ("Via", "b")]
        found.headers.remove("Via")
        found.body.take(preserve=False)


def test_a_response_whose_body_was_taken_is_not_stored() -> None:
    cache, response = ResponseCache(), answer()
    response.body.take(preserve=False)
    cache.set(key(), response, 30)
    assert cache.get(key()) is None


def test_a_response_over_two_mebibytes_is_not_stored() -> None:
    cache = ResponseCache()
    cache.set(key(), answer(bytes(MAX_ENTRY_OCTETS)), 30)
    assert cache.get(key()) is None


def test_responses_vary_by_what_is_listed_and_by_nothing_else() -> None:
    same = key(call(query={"kind": ["qpu"]}, accept="text/html"))
    assert same == key(call(query={"kind": ["qpu"], "other": ["1"]}, Accept="text/html", Cookie="x"))
    others = [
        call(query={"kind": ["simulator"]}, Accept="text/html"),
        call(query={"kind": ["qpu", "qpu"]}, Accept="text/html"),
        call(query={"kind": ["qpu"]}, Accept="text/plain"),
        call(query={"kind": ["qpu"]}),
        call(Accept="text/html"),
        call("/v1/Targets", query={"kind": ["qpu"]}, Accept="text/html"),
    ]
    assert len({same, *map(key, others)}) == 1 + len(others)


def test_responses_of_two_operations_or_apis_are_two() -> None:
    first, second, third = call(), call(), call()
    second.operation, third.api = Named("other", "Other"), None
    assert len({key(first), key(second), key(third)}) == 3


def test_the_path_that_was_asked_for_counts_not_what_the_backend_is_sent() -> None:
    rewritten = call()
    rewritten.request.url = Url("https", "backend", 443, "/elsewhere")
    assert key(rewritten) == key(call())


TEXTS = st.text(st.sampled_from("a,;&=:|"), max_size=4)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_values_can_be_chosen_so_that_two_keys_meet(first: str, second: str, third: str, fourth: str) -> None:
    one = call(query={"kind": [first]}, Accept=second)
    other = call(query={"kind": [third]}, Accept=fourth)
    assert (key(one) == key(other)) == ((first, second) == (third, fourth))
