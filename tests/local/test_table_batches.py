"""Rewriting of table batches for Azurite."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from local.table_batches import with_account_in_path

HOST, ACCOUNT = "quantumjobslocal.table.core.windows.net", "quantumjobslocal"
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "MERGE", "DELETE"])
KEYS = r"\(PartitionKey='[a-z%0-9]{0,9}',RowKey='[a-z%0-9]{0,9}'\)"
TARGETS = st.from_regex(rf"[A-Za-z][A-Za-z0-9]{{2,10}}({KEYS})?", fullmatch=True)
VALUES = st.one_of(
    st.text(max_size=30),
    st.just(f"POST https://{HOST}/jobs HTTP/1.1"),
    st.just(f"a\r\nPOST https://{HOST}/jobs HTTP/1.1\r\n"),
)


def operation(method: str, target: str, body: str, host: str = HOST) -> str:
    head = "--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    return f"{head}{method} https://{host}/{target} HTTP/1.1\r\nAccept: application/json\r\n\r\n{body}\r\n"


@given(st.lists(st.tuples(METHODS, TARGETS, st.dictionaries(st.text(max_size=5), VALUES, max_size=3)), max_size=5))
def test_every_inner_url_gets_the_account_and_nothing_else_changes(operations: list[tuple[str, str, dict]]) -> None:
    before = "".join(operation(method, target, json.dumps(entity)) for method, target, entity in operations)
    expected = "".join(operation(m, f"{ACCOUNT}/{target}", json.dumps(entity)) for m, target, entity in operations)
    assert with_account_in_path(before.encode(), HOST, ACCOUNT) == expected.encode()


@given(METHODS, TARGETS)
def test_a_rewritten_batch_is_left_as_it_is(method: str, target: str) -> None:
    once = with_account_in_path(operation(method, target, "{}").encode(), HOST, ACCOUNT)
    assert with_account_in_path(once, HOST, ACCOUNT) == once


def test_urls_of_another_account_are_left_as_they_are() -> None:
    body = operation("POST", "jobs", "{}", host="other.table.core.windows.net").encode()
    assert with_account_in_path(body, HOST, ACCOUNT) == body


def test_a_host_with_a_port_and_bare_line_ends_are_understood() -> None:
    body = operation("POST", "jobs", "{}", host=f"{HOST}:443").replace("\r\n", "\n").encode()
    assert re.search(rb"POST https://\S+:443/quantumjobslocal/jobs HTTP", with_account_in_path(body, HOST, ACCOUNT))


@given(st.binary(max_size=200))
def test_any_bytes_pass(body: bytes) -> None:
    assert len(with_account_in_path(body, HOST, ACCOUNT)) >= len(body)
