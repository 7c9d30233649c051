import asyncio
import logging
import os
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import ServiceUnavailable
from quantum_jobs.models import Register
from quantum_jobs.money import Money
from quantum_jobs.result_caches import FolderStore, MemoryStore, ResultCache
from quantum_jobs.results import Item, Result, read_result, together

RESULT = Result(
    job_ids=("job_a",),
    target="t",
    registers=(Register("c", 2),),
    items=(Item({"01": 3}, {"theta": 0.1}, 1),),
    cost=Money.of("0.25"),
    seconds=1.5,
)
ITEMS = st.builds(
    Item,
    st.dictionaries(st.text("01 ", min_size=1, max_size=5), st.integers(1, 2**40), max_size=4),
    st.dictionaries(st.text(min_size=1, max_size=5), st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    st.integers(0, 10),
)
RESULTS = st.builds(
    Result,
    st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple),
    st.text(max_size=8),
    st.lists(st.builds(Register, st.text(max_size=3), st.integers(1, 9)), max_size=3).map(tuple),
    st.lists(ITEMS, max_size=3).map(tuple),
    st.none() | st.integers(0, 10**12).map(Money),
    st.floats(0, 1e9),
)


@given(RESULTS)
def test_a_result_that_was_written_is_read_as_it_was(result):
    assert read_result(result.as_bytes()) == result


@given(st.binary(max_size=40) | st.sampled_from([b"[]", b"{}", b'{"jobIds": 3}', b"null"]))
def test_what_is_no_result_is_told_from_one(data):
    with pytest.raises(ValueError, match=r"."):
        read_result(data)


def test_several_jobs_are_one_result_in_order_with_what_all_cost():
    other = Result(("job_b",), "t", RESULT.registers, (Item({"10": 1}),), Money.of("0.50"), 3.0)
    whole = together([RESULT, other])
    assert (whole.job_ids, whole.items) == (("job_a", "job_b"), RESULT.items + other.items)
    assert (whole.cost, whole.seconds) == (Money.of("0.75"), 3.0)


def test_a_bill_that_is_not_known_makes_that_of_the_whole_unknown():
    assert together([RESULT, Result(("job_b",), "t", (), ())]).cost is None


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "made" / "when needed")


def test_a_result_is_given_until_it_is_too_old(store):
    now = 0.0
    cache = ResultCache(store, most_seconds=10, clock=lambda: now)
    assert asyncio.run(cache.get("name")) is None
    asyncio.run(cache.put("name", RESULT))
    now = asyncio.run(store.read("name"))[1] + 9.9
    assert asyncio.run(cache.get("name")) == RESULT
    now += 0.2
    assert asyncio.run(cache.get("name")) is None


def test_a_damaged_file_is_no_result_and_no_failure(tmp_path, caplog):
    (tmp_path / "name").write_bytes(RESULT.as_bytes()[:30])
    assert asyncio.run(ResultCache(FolderStore(tmp_path), 10).get("name")) is None
    assert "the result cache does not work" in caplog.text


def test_a_folder_that_is_full_forgets_the_oldest(tmp_path):
    size = len(RESULT.as_bytes())
    store = FolderStore(tmp_path, most_bytes=3 * size)
    for number in range(101):
        asyncio.run(store.write(f"{number:03}", RESULT.as_bytes()))
        os.utime(tmp_path / f"{number:03}", (number, number))
    assert max(file.name for file in tmp_path.iterdir()) == "100"
    assert len(list(tmp_path.iterdir())) <= 4


class DeadStore:
    async def read(self, name):
        raise ServiceUnavailable("The blob store")

    async def write(self, name, data):
        raise ServiceUnavailable("The blob store")


def test_a_store_that_does_not_answer_costs_a_job_and_is_told_once(caplog):
    cache = ResultCache(DeadStore(), 10)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert asyncio.run(cache.get("name")) is None
            asyncio.run(cache.put("name", RESULT))
    assert len(caplog.records) == 1


def test_a_full_disk_under_the_cache_ends_nothing_and_leaves_nothing_behind(tmp_path):
    """The operating system refuses every byte beyond 4,096 of a file, as a full disk would."""
    script = textwrap.dedent(
        """
        import asyncio, pathlib, resource, signal, sys
        from quantum_jobs.result_caches import FolderStore, ResultCache
        from quantum_jobs.results import Item, Result
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        large = Result(("job_a",), "t", (), tuple(Item({f"{n:010b}": 1}) for n in range(1000)))
        cache = ResultCache(FolderStore(pathlib.Path(sys.argv[1])), 10)
        asyncio.run(cache.put("large", large))
        assert asyncio.run(cache.get("large")) is None
        asyncio.run(cache.put("small", Result(("job_a",), "t", (), ())))
        assert asyncio.run(cache.get("small")) is not None
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "File too large; jobs are run instead" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["small"]
