import json

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantum_jobs.errors import (
    Forbidden,
    IdempotencyKeyMissing,
    InvalidRequest,
    JobNotFound,
    PayloadTooLarge,
    Unauthorized,
    UnsupportedMediaType,
)
from quantum_jobs.models import Caller
from quantum_jobs.operations import BY_NAME
from quantum_jobs.requests import Callers, job_id, job_request, refuse_parameters

from . import samples

BODY = {"target": "ionq.simulator", "shots": 100, "program": {"format": "openqasm3", "source": samples.BELL}}


def post(body=BODY, query="", **headers):
    sent = {"content-type": "application/json", "idempotency-key": "k1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return func.HttpRequest(
        method="POST",
        url=f"https://x/v1/jobs{query}",
        headers={name: value for name, value in sent.items() if value is not None},
        body=data,
    )


def faults(body, **headers):
    with pytest.raises(InvalidRequest) as caught:
        job_request(post(body, **headers))
    return {item["pointer"]: item["detail"] for item in caught.value.members["errors"]}


def test_a_complete_body_becomes_a_request():
    request = job_request(post({**BODY, "name": "bell", "tags": {"team": "routing"}}))
    assert (request.target, request.shots, request.key) == ("ionq.simulator", 100, "k1")
    assert (request.name, request.tags) == ("bell", {"team": "routing"})
    assert request.program.source == samples.BELL


def test_an_unknown_member_is_named_at_any_depth():
    body = {**BODY, "shost": 1, "program": {**BODY["program"], "fmt": "x"}}
    assert faults(body) == {"/shost": "unknown member", "/program/fmt": "unknown member"}


def test_all_faults_of_a_body_are_told_at_once():
    told = faults({"target": "", "shots": 0, "program": {"format": "qsharp", "source": ""}})
    assert set(told) == {"/target", "/shots", "/program/format", "/program/source"}
    assert "'openqasm2', 'openqasm3', 'qir'" in told["/program/format"]


@pytest.mark.parametrize("shots", ["100", True, 1.5, None, [], -1, 10**9])
def test_shots_that_are_no_whole_number_in_range_are_refused(shots):
    assert set(faults({**BODY, "shots": shots})) == {"/shots"}


def test_a_whole_number_written_with_a_point_is_a_whole_number():
    assert job_request(post({**BODY, "shots": 255.0})).shots == 255


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 50_000])
def test_a_body_that_is_no_json_object_is_refused(body):
    assert list(faults(body)) == [""]


def test_another_media_type_is_refused_with_the_right_one():
    with pytest.raises(UnsupportedMediaType, match="application/json"):
        job_request(post(content_type="text/plain"))
    with pytest.raises(UnsupportedMediaType):
        job_request(post(content_type=None))
    assert job_request(post(content_type="Application/JSON; charset=utf-8")).shots == 100


def test_a_body_over_the_limit_is_refused_before_it_is_read():
    with pytest.raises(PayloadTooLarge) as caught:
        job_request(post(b"{" + b" " * 102_400))
    assert caught.value.members["maxBytes"] == 102_400


def test_a_program_over_the_limit_is_refused():
    with pytest.raises(PayloadTooLarge) as caught:
        job_request(post({**BODY, "program": {"format": "openqasm3", "source": "x" * 65_537}}))
    assert caught.value.members["maxBytes"] == 65_536


def test_a_submit_needs_an_idempotency_key():
    with pytest.raises(IdempotencyKeyMissing):
        job_request(post(idempotency_key=None))


def test_a_key_may_come_quoted_or_bare():
    assert job_request(post(idempotency_key='"abc"')).key == job_request(post(idempotency_key="abc")).key == "abc"


@pytest.mark.parametrize("key", ["a b", "k" * 65, "schlüssel", '""', '"a b"'])
def test_a_malformed_key_is_refused(key):
    assert list(faults(BODY, idempotency_key=key)) == ["Idempotency-Key"]


def test_an_unknown_query_parameter_is_refused():
    with pytest.raises(InvalidRequest, match="shots: unknown query parameter; this operation takes none"):
        refuse_parameters(post(query="?shots=3"), BY_NAME["submit_job"])
    with pytest.raises(InvalidRequest, match="x: unknown query parameter; this operation takes minQubits"):
        refuse_parameters(post(query="?x=1&minQubits=2"), BY_NAME["list_targets"])


def test_the_order_of_members_does_not_change_the_fingerprint():
    turned = dict(reversed(BODY.items()))
    assert job_request(post(turned)).fingerprint == job_request(post()).fingerprint


@pytest.mark.parametrize("change", [{"shots": 101}, {"name": "x"}, {"tags": {"a": "b"}}, {"target": "rigetti.sim.qvm"}])
def test_any_other_value_changes_the_fingerprint(change):
    assert job_request(post({**BODY, **change})).fingerprint != job_request(post()).fingerprint


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("target", "shots", "program", "name", "tags", "x"), JSON)))
def test_no_body_at_all_makes_anything_but_a_request_or_a_refusal(body):
    try:
        request = job_request(post(body))
    except (InvalidRequest, PayloadTooLarge):
        return
    assert request.shots >= 1


class Speaks:
    """A verifier that believes everybody."""

    def __init__(self, caller):
        self.told = caller

    async def caller(self, authorization):
        return self.told


def get(**headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method="GET", url="https://x/v1/targets", headers=sent, body=b"")


GATEWAY = Caller("tenant", "gateway", "app:gateway", frozenset())
FOR_ALICE = {"x_caller_tenant": "tenant", "x_caller_id": "alice", "x_caller_roles": "Jobs.Submit,Jobs.Admin"}


async def ask(callers, name, **headers):
    return await callers.caller(get(**headers), BY_NAME[name])


def run(coroutine):
    import asyncio

    return asyncio.run(coroutine)


def test_without_a_gateway_the_token_says_who_calls_and_headers_mean_nothing():
    callers = Callers(Speaks(samples.BOB), "")
    assert run(ask(callers, "submit_job", **FOR_ALICE)) == samples.BOB


def test_the_gateway_speaks_for_its_caller():
    caller = run(ask(Callers(Speaks(GATEWAY), "gateway"), "submit_job", **FOR_ALICE))
    assert caller.owner == samples.ALICE.owner
    assert caller.roles == {"Jobs.Submit", "Jobs.Admin"}


@pytest.mark.parametrize(
    ("sent", "label"),
    [("user:Zo%C3%AB%20100%25", "user:Zoë 100%"), ("app:planner", "app:planner"), (None, "user:alice")],
)
def test_the_callers_label_comes_percent_encoded(sent, label):
    headers = FOR_ALICE | ({"x_caller_label": sent} if sent else {})
    assert run(ask(Callers(Speaks(GATEWAY), "gateway"), "submit_job", **headers)).label == label


def test_with_a_gateway_nobody_else_is_let_in():
    with pytest.raises(Unauthorized, match="through its gateway"):
        run(ask(Callers(Speaks(samples.ALICE), "gateway"), "submit_job", **FOR_ALICE))


@pytest.mark.parametrize("missing", ["x_caller_tenant", "x_caller_id"])
def test_the_gateway_must_say_for_whom(missing):
    headers = {name: value for name, value in FOR_ALICE.items() if name != missing}
    with pytest.raises(Unauthorized, match="did not say"):
        run(ask(Callers(Speaks(GATEWAY), "gateway"), "submit_job", **headers))


def test_a_caller_without_the_role_is_refused_with_the_roles_that_would_do():
    reader = Caller("tenant", "r", "user:r", frozenset({"Jobs.Read.All"}))
    assert run(ask(Callers(Speaks(reader), ""), "get_job")) == reader
    with pytest.raises(Forbidden) as caught:
        run(ask(Callers(Speaks(reader), ""), "submit_job"))
    assert caught.value.members["requiredRoles"] == ["Jobs.Admin", "Jobs.Submit"]


def test_text_that_is_no_unicode_is_refused():
    body = json.dumps(BODY).replace("OPENQASM", "\\\\ud800").replace("\\\\ud800", "\\ud800").encode()
    assert list(faults(body)) == [""]


@pytest.mark.parametrize(
    "name", ["../owner/job_" + "0" * 26, "key:0", "job_", "", "job_" + "z" * 26, "job_" + "0" * 27]
)
def test_what_has_not_the_form_of_a_job_id_is_not_found(name):
    request = func.HttpRequest(method="GET", url="https://x", headers={}, route_params={"jobId": name}, body=b"")
    with pytest.raises(JobNotFound):
        job_id(request)


FULL = {
    **BODY,
    "parameterSets": [{"theta": 0.1}, {"theta": -2}],
    "options": {"seed": 7, "provider": {"noise": {"model": "aria-1"}}},
    "limits": {"maxCost": {"amount": "5.00"}, "startBy": "2126-11-22T18:00:00+01:00", "maxAttempts": 2},
    "reuse": {"maxAge": "P1D"},
}


def test_limits_options_reuse_and_parameters_are_read():
    request = job_request(post(FULL))
    assert request.submission.parameter_sets == ({"theta": 0.1}, {"theta": -2.0})
    assert (request.seed, request.submission.provider_options) == (7, {"noise": {"model": "aria-1"}})
    assert (str(request.limits.max_cost), request.limits.max_attempts) == ("5.00 USD", 2)
    assert request.limits.start_by == "2126-11-22T17:00:00.000Z"
    assert request.reuse_seconds == 86_400


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"parameterSets": []}, "/parameterSets"),
        ({"parameterSets": [{}]}, "/parameterSets/0"),
        ({"parameterSets": [{"theta": "1"}]}, "/parameterSets/0/theta"),
        ({"parameterSets": [{"9": 1}]}, "/parameterSets/0/9"),
        ({"parameterSets": [{"theta": 1}] * 301}, "/parameterSets"),
        ({"options": {"seed": -1}}, "/options/seed"),
        ({"options": {"provider": {"shots": 3}}}, "/options"),
        ({"options": {"provider": {"x": "y" * 9000}}}, "/options"),
        ({"limits": {"maxCost": {"amount": "-1"}}}, "/limits/maxCost/amount"),
        ({"limits": {"maxCost": {"amount": "1", "currency": "EUR"}}}, "/limits/maxCost/currency"),
        ({"limits": {"startBy": "2126-11-22T18:00:00"}}, "/limits/startBy"),
        ({"limits": {"maxAttempts": 0}}, "/limits/maxAttempts"),
        ({"reuse": {"maxAge": "P91D"}}, "/reuse/maxAge"),
        ({"reuse": {"maxAge": "PT0S"}}, "/reuse/maxAge"),
        ({"reuse": {}}, "/reuse/maxAge"),
        ({"program": {"format": "qir"}}, "/program"),
        ({"program": {"format": "qir", "source": "x", "uploadId": "upl_" + "0" * 26}}, "/program"),
        ({"program": {"format": "qir", "uploadId": "upl_x"}}, "/program/uploadId"),
        ({"tags": {f"t{number}": "x" for number in range(17)}}, "/tags"),
    ],
)
def test_a_member_out_of_its_bounds_is_refused_with_its_place(change, place):
    assert set(faults({**BODY, **change})) == {place}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("member", ['"parameterSets":[{"t":%s}]', '"options":{"provider":{"t":%s}}'])
def test_a_number_that_is_none_is_refused(member, number):
    body = json.dumps(BODY)[:-1] + "," + member % number + "}"
    assert faults(body.encode())
