"""Transactions as they go over the wire: what is written arrives, and a broken answer is never taken for a yes."""

import asyncio
import json
from email.parser import BytesParser
from email.policy import HTTP
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.connections import transport
from quantum_jobs.errors import AccountMoved, ServiceUnavailable
from quantum_jobs.table_storage import TableStorage
from quantum_jobs.transactions import Change, Outcome, Transactions, Unreadable, _outcome, read, written

from .test_adapters import ACCOUNT, PROGRAM, credential, new_job, records

__all__ = ["credential", "records"]  # fixtures

TABLE_URL = "https://account.table.core.windows.net/jobs"
BATCH, CHANGESET = "batchresponse_b1", "changesetresponse_c1"
CONTENT_TYPE = f"multipart/mixed; boundary={BATCH}"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NASTY = st.sampled_from(["\r\n--x--\r\n", "HTTP/1.1 200 OK\r\n\r\n", f"\r\n--{CHANGESET}", "'", '"', "ETag: x", "ü☃"])
ETAGS = st.from_regex(r"W/\"datetime'[0-9TZ%:.-]{1,30}'\"", fullmatch=True)
VALUES = TEXTS | NASTY | st.booleans() | st.integers(-(2**31) + 1, 2**31 - 1) | st.binary(max_size=60)
NAMES = st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True)
KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\#?"), min_size=1, max_size=20)
OUR_KEYS = st.from_regex(r"[a-z0-9][a-z0-9:_.-]{0,40}", fullmatch=True)  # Azurite takes a comma in a key for its end


def part(status, headers, body=""):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    inner = f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n{body}"
    return f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n{inner}\r\n"


def answer(*parts):
    inner = "".join(f"--{CHANGESET}\r\n{one}" for one in parts)
    head = f"--{BATCH}\r\nContent-Type: multipart/mixed; boundary={CHANGESET}\r\n\r\n"
    return f"{head}{inner}--{CHANGESET}--\r\n--{BATCH}--\r\n".encode()


def refused(status, code, message):
    body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": message}}})
    return answer(part(status, {"Content-ID": "1", "Content-Type": "application/json"}, body))


@given(st.lists(ETAGS, min_size=1, max_size=5), st.sampled_from([201, 204]))
def test_a_yes_gives_the_etag_of_every_row(etags, status):
    body = answer(*(part(status, {"Cache-Control": "no-cache", "ETag": etag}) for etag in etags))
    assert read(CONTENT_TYPE, body, len(etags)) == Outcome(200, tuple(etags))


@given(st.sampled_from([400, 404, 409, 412, 413, 500, 503]), NAMES, TEXTS | NASTY)
def test_a_no_gives_its_status_and_code_whatever_it_says(status, code, message):
    assert read(CONTENT_TYPE, refused(status, code, message), 3) == Outcome(status, code=code)


@given(st.data())
def test_an_answer_cut_off_anywhere_is_no_yes(data):
    body = answer(part(204, {"ETag": "1"}), part(204, {"ETag": "2"}))
    cut = body[: data.draw(st.integers(0, len(body) - len("--\r\n") - 1))]
    with pytest.raises(Unreadable):
        read(CONTENT_TYPE, cut, 2)


@given(st.binary(max_size=200), st.sampled_from([CONTENT_TYPE, "multipart/mixed", "text/html; boundary=", ""]))
def test_an_answer_of_another_kind_is_no_yes(body, content_type):
    with pytest.raises(Unreadable):
        read(content_type, body, 1)


def test_fewer_answers_than_changes_are_no_yes():
    with pytest.raises(Unreadable):
        read(CONTENT_TYPE, answer(part(204, {"ETag": "1"})), 2)


@given(st.dictionaries(NAMES, VALUES, max_size=5), KEYS, KEYS, st.none() | ETAGS, st.booleans())
def test_what_is_written_is_the_multipart_that_any_parser_reads(properties, partition, row, etag, always):
    """Read by the e-mail package, on which the tables package builds its own."""
    change = Change({"PartitionKey": partition, "RowKey": row, **properties}, etag, always)
    body = written(TABLE_URL, [change, change, change], "batch_1")
    outer = BytesParser(policy=HTTP).parsebytes(b"Content-Type: multipart/mixed; boundary=batch_1\r\n\r\n" + body)
    (changeset,) = outer.get_payload()
    operations = changeset.get_payload()
    assert [operation["Content-ID"] for operation in operations] == ["0", "1", "2"]
    head, _, document = operations[1].get_payload(decode=True).decode().partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    assert line.startswith(f"{'PUT' if etag or always else 'POST'} {TABLE_URL}")
    assert (f"If-Match: {etag}" in headers) == (etag is not None)
    assert f"Content-Length: {len(document)}" in headers
    assert json.loads(document)["RowKey"] == row


@pytest.mark.parametrize("value", [1.5, None, 2**31, [1], {}])
def test_a_value_that_is_no_property_is_not_written(value):
    with pytest.raises(TypeError, match="Wrong: "):
        written(TABLE_URL, [Change({"PartitionKey": "p", "RowKey": "r", "Wrong": value})], "b")


@pytest.fixture
def table(credential, records):
    """The transactions of the job table, which exists, and the adapter to read it with."""
    asyncio.run(records.insert(new_job(), PROGRAM))
    door = Transactions(ACCOUNT.format("table"), "jobs", credential, transport)
    yield door, records
    door.close()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, VALUES, max_size=5), OUR_KEYS, OUR_KEYS)
def test_a_row_reads_back_by_the_tables_package_as_it_was_written(table, properties, partition, name):
    door, records = table
    row = {"PartitionKey": partition, "RowKey": name, **properties}
    outcome = door.send([Change(row, always=True)])
    found = records._row(partition, name)
    assert (dict(found), found.metadata["etag"]) == (row, outcome.etags[0])


def test_all_changes_are_written_or_none(table):
    door, records = table
    partition = new_job().id
    one, two = ({"PartitionKey": partition, "RowKey": name} for name in "ab")
    assert door.send([Change(two)]).status == 200
    assert door.send([Change(one), Change(two)]) == Outcome(409, code="EntityAlreadyExists")
    assert records._row(partition, "a") is None


def test_a_row_is_replaced_only_by_who_knows_its_etag(table):
    door, records = table
    row = {"PartitionKey": new_job().id, "RowKey": "a", "Number": 1}
    (first,) = door.send([Change(row)]).etags
    (second,) = door.send([Change(row | {"Number": 2}, first)]).etags
    assert door.send([Change(row, first)]) == Outcome(412, code="UpdateConditionNotSatisfied")
    assert records._row(row["PartitionKey"], "a")["Number"] == 2
    assert door.send([Change(row, second)]).status == 200
    assert door.send([Change(row | {"RowKey": "absent"}, second)]).status == 404


def test_a_table_that_is_not_there_is_made(credential):
    store = TableStorage(ACCOUNT.format("table"), credential)
    store._transactions = Transactions(ACCOUNT.format("table"), f"t{new_job().id[4:]}", credential, transport)
    made = []
    store._create_table = lambda: made.append(1)  # of another name: this one stays absent
    with pytest.raises(ServiceUnavailable):
        asyncio.run(store.insert(new_job(), PROGRAM))
    assert made == [1]
    store.close()


def test_a_store_that_cannot_be_reached_is_told_as_a_part_of_the_service(credential):
    store = TableStorage("https://nowhere.table.core.windows.net", credential)
    with pytest.raises(ServiceUnavailable):
        asyncio.run(store.insert(new_job(), PROGRAM))
    store.close()


def test_the_record_that_an_account_came_with_can_be_changed_with_the_etag_it_got(records):
    """No read in between: the answer to the transaction has the ETag."""
    job = new_job()

    async def work():
        await records.insert(job, PROGRAM)
        stored = await records.get(job.owner, job.id)
        account, _ = await records.account(job.owner, f"{job.id[4:8]}")
        changed = await records.update(job, stored.etag, account)
        again = await records.update(job, changed.etag)
        with pytest.raises(AccountMoved):
            await records.update(job, again.etag, account)  # as it was before the first change
        return stored.etag, changed.etag, again.etag

    assert len(set(asyncio.run(work()))) == 3


@pytest.mark.parametrize("status", [200, 204, 302])
def test_an_answer_that_is_none_to_a_transaction_is_not_taken_for_a_success(status):
    """A proxy in between may answer 200 with a page of its own."""
    answer = SimpleNamespace(status_code=status, headers={"Content-Type": "text/html"}, read=lambda: b"<html></html>")
    with pytest.raises(Unreadable):
        _outcome(answer, 1)
