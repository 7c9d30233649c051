"""Each policy of the table, through the whole gateway: small trees, and a backend that is a function."""

import json

import pytest

from tests.local.apim.gateway_running import answer, running
from tests.local.apim.gateway_trees import policies, tree

GET = ("get", "/things/{thingId}")


@pytest.fixture
def gateway(tmp_path):
    """Run a gateway whose one operation has these policies."""

    def make(
        inbound="", *, backend="<base />", outbound="", on_error="", method="get", path="/things/{thingId}", **options
    ):
        document = policies(inbound, backend=backend, outbound=outbound, on_error=on_error)
        fragments, values = options.pop("fragments", None), options.pop("values", None)
        everywhere = {"everywhere": options.pop("everywhere")} if "everywhere" in options else {}
        root = tree(
            tmp_path,
            operations={"get-thing": (method, path, document)},
            fragments=fragments,
            values=values,
            **everywhere,
        )
        return running(root, **options)

    return make


def header(name, value, action="override"):
    return f"<set-header name='{name}' exists-action='{action}'><value>{value}</value></set-header>"


def returned(text):
    return f"<return-response><set-body>{text}</set-body></return-response>"


def test_a_call_goes_to_the_backend_below_the_apis_prefix(gateway):
    run = gateway()
    assert run.get("/things/a%20b?x=1&y=%2F").text == "ok"
    (call,) = run.backend.calls
    assert (call.method, call.target, call.headers.get("X-Forwarded-For")) == (
        "GET",
        "/things/a%20b?x=1&y=%2F",
        "192.0.2.7",
    )


@pytest.mark.parametrize(
    ("action", "sent", "seen"),
    [
        ("override", "old", ["new"]),
        ("skip", "old", ["old"]),
        ("skip", None, ["new"]),
        ("append", "old", ["old", "new"]),
        ("delete", "old", []),
    ],
)
def test_set_header_overrides_skips_appends_and_deletes(gateway, action, sent, seen):
    value = "" if action == "delete" else "<value>new</value>"
    run = gateway(f"<set-header name='X-Thing' exists-action='{action}'>{value}</set-header>")
    run.get(**({"x_thing": sent} if sent else {}))
    assert list(run.backend.calls[0].headers.values("x-thing")) == seen


def test_a_line_break_in_a_header_is_no_second_header(gateway):
    run = gateway(outbound=header("X-A", '@("a\\r\\nX-B: b")'))
    seen = run.get()
    assert (seen.headers["X-A"], "X-B" in seen.headers) == ("aX-B: b", False)


def test_variables_hold_what_expressions_give(gateway):
    inbound = "<set-variable name='n' value='@(40 + 2)' /><set-variable name='t' value='text' />"
    text = '@(((int)context.Variables["n"]).ToString() + (string)context.Variables["t"])'
    assert gateway(inbound + returned(text)).get().text == "42text"


def test_a_variable_that_is_missing_or_of_another_type_is_a_failure_that_on_error_sees(gateway):
    say = "<set-body>@(context.LastError.Source + '/' + context.LastError.Reason)</set-body>".replace("'", '"')
    for wrong in ('@((string)context.Variables["no"])', '@((string)context.Variables["n"])'):
        inbound = f"<set-variable name='n' value='@(1)' />{header('X-A', wrong)}"
        seen = gateway(inbound, on_error=say).get()
        assert (seen.status_code, seen.text) == (500, "set-header/ExpressionValueEvaluationFailure")


def test_set_body_and_set_status_write_the_response(gateway):
    run = gateway(outbound="<set-status code='203' reason='Other' /><set-body>@(\"new\")</set-body>")
    seen = run.get()
    assert (seen.status_code, seen.text, seen.headers["Content-Length"]) == (203, "new", "3")


def test_set_body_of_inbound_writes_the_request(gateway):
    body = '@(((string)context.Request.Body.As<JObject>()["a"]).ToUpper())'.replace("<", "&lt;").replace(">", "&gt;")
    run = gateway(f"<set-body>{body}</set-body>", method="post")
    run.call("POST", "/things/1", json={"a": "x"})
    assert run.backend.calls[0].body == b"X"


def test_return_response_ends_the_call_before_backend_and_outbound(gateway):
    run = gateway(returned("done"), outbound=header("X-Late", "1"))
    seen = run.get()
    assert (seen.text, seen.status_code, "X-Late" in seen.headers, run.backend.calls) == ("done", 200, False, [])


def test_choose_takes_the_first_that_is_true_else_otherwise(gateway):
    def when(method):
        condition = f'@(context.Request.Headers.GetValueOrDefault("X", "") == "{method}")'
        return f"<when condition='{condition}'>{returned(method)}</when>"

    run = gateway(f"<choose>{when('a')}{when('b')}<otherwise>{returned('else')}</otherwise></choose>")
    assert [run.get(x=value).text for value in ("a", "b", "c")] == ["a", "b", "else"]


def test_a_fragment_runs_where_it_is_included(gateway):
    run = gateway(
        "<include-fragment fragment-id='say' />", fragments={"say": f"<fragment>{returned('said')}</fragment>"}
    )
    assert run.get().text == "said"


def test_base_runs_the_policies_above_where_it_stands(gateway):
    everywhere = (
        f"<policies><inbound>{header('X-Order', 'all', 'append')}</inbound>"
        "<backend><forward-request /></backend><outbound /><on-error /></policies>"
    )
    run = gateway(header("X-Order", "operation", "append"), everywhere=everywhere)
    run.get()
    assert list(run.backend.calls[0].headers.values("X-Order")) == ["all", "operation"]


def test_no_token_is_401_and_a_token_is_there_for_expressions(gateway):
    policy = (
        "<validate-azure-ad-token tenant-id='11111111-1111-4111-8111-111111111111' output-token-variable-name='jwt'>"
    )
    policy += "<audiences><audience>api://x</audience></audiences></validate-azure-ad-token>"
    run = gateway(policy + returned('@(((Jwt)context.Variables["jwt"]).Claims.GetValueOrDefault("oid", "none"))'))
    assert run.get(caller="bob").text == "bob"
    refused = run.get(caller="")
    assert (refused.status_code, refused.json()) == (401, {"statusCode": 401, "message": "JWT not present."})


def test_the_status_and_message_of_a_refused_token_are_the_policys(gateway):
    policy = (
        "<validate-jwt header-name='Authorization' failed-validation-httpcode='403'"
        " failed-validation-error-message='No.'>"
        "<openid-config url='https://login/x' /></validate-jwt>"
    )
    refused = gateway(policy).get(caller="")
    assert (refused.status_code, refused.json()["message"]) == (403, "No.")


LIMIT = "<rate-limit-by-key id='gate' calls='2' renewal-period='10' counter-key='@(context.Request.IpAddress)' {} />"


@pytest.mark.parametrize("tier", ["basic-v2", "standard"])
def test_calls_over_the_limit_are_429_until_the_period_is_over(gateway, tier):
    names = "remaining-calls-header-name='X-Left' total-calls-header-name='X-All' retry-after-variable-name='after'"
    say = '@(((int)context.Variables["after"]).ToString() + context.LastError.PolicyId)'
    run = gateway(LIMIT.format(names), on_error=f"<set-body>{say}</set-body>", tier=tier)
    assert [run.get().headers["X-Left"] for _ in range(2)] == ["1", "0"]
    refused = run.get()
    wait = refused.headers["Retry-After"]
    assert (refused.status_code, refused.text) == (429, f"{wait}gate")
    run.clock.seconds += int(wait)
    assert (run.get().status_code, run.get().status_code) == ((200, 429) if tier == "basic-v2" else (200, 200))


def test_only_responses_that_fit_the_condition_count(gateway):
    condition = "increment-condition='@(context.Response.StatusCode == 200)'"
    codes = iter([500, 500, 500, 200, 200, 200])
    run = gateway(LIMIT.format(condition), reply=lambda _: answer(next(codes)))
    assert [run.get().status_code for _ in range(6)] == [500, 500, 500, 200, 200, 429]


def test_a_call_counts_as_often_as_its_increment_says(gateway):
    run = gateway(LIMIT.format("increment-count='@(2)'"))
    assert [run.get().status_code for _ in range(2)] == [200, 429]


CACHED = (
    "<cache-lookup vary-by-developer='false' vary-by-developer-groups='false' allow-private-response-caching='{}'>"
    "<vary-by-header>Accept</vary-by-header><vary-by-query-parameter>q</vary-by-query-parameter></cache-lookup>"
)


def test_a_response_is_cached_for_all_callers_by_what_it_varies_by(gateway):
    run = gateway(CACHED.format("true"), outbound="<cache-store duration='60' />" + header("X-Late", "1"))
    run.backend.reply = lambda call: answer(text=call.target + call.headers.get("Accept"))
    first, second = run.get("/things/1?q=a", accept="x"), run.get("/things/1?q=a", caller="bob", accept="x")
    assert (first.text, first.headers["X-Late"]) == (second.text, second.headers["X-Late"])
    run.get("/things/1?q=b", accept="x")
    run.get("/things/1?q=a", accept="y")
    run.get("/things/2?q=a", accept="x")
    assert len(run.backend.calls) == 4
    run.clock.seconds += 61
    run.get("/things/1?q=a", accept="x")
    assert len(run.backend.calls) == 5


def test_a_call_with_authorization_is_not_cached_unless_allowed(gateway):
    run = gateway(CACHED.format("false"), outbound="<cache-store duration='60' />")
    run.get()
    run.get()
    assert len(run.backend.calls) == 2


def test_only_good_responses_are_cached(gateway):
    run = gateway(CACHED.format("true"), outbound="<cache-store duration='60' />", reply=lambda _: answer(404))
    run.get()
    run.get()
    assert len(run.backend.calls) == 2


KEY = "key='@(context.Request.MatchedParameters[\"thingId\"])'"
VALUE = f"<cache-lookup-value {KEY} default-value='none' variable-name='v' />"
STORE = "<cache-store-value key='@(context.Request.MatchedParameters[\"thingId\"])' value='kept' duration='10' />"


@pytest.mark.parametrize(("cache", "seen"), [("on", "kept"), ("off", "none")])
def test_a_value_is_kept_under_its_key_as_long_as_it_says(gateway, cache, seen):
    run = gateway(VALUE, outbound=STORE + header("X-V", '@((string)context.Variables["v"])'), cache=cache)
    assert [run.get("/things/1").headers["X-V"] for _ in range(2)] == ["none", seen]
    assert run.get("/things/2").headers["X-V"] == "none"
    run.clock.seconds += 11
    assert run.get("/things/1").headers["X-V"] == "none"


def test_a_value_that_was_removed_is_gone(gateway):
    remove = "<cache-remove-value key='@(context.Request.MatchedParameters[\"thingId\"])' />"
    run = gateway(VALUE, outbound=STORE + header("X-V", '@((string)context.Variables["v"])') + remove)
    assert [run.get("/things/1").headers["X-V"] for _ in range(2)] == ["none", "none"]


def test_the_gateways_identity_is_written_over_the_callers_token(gateway):
    run = gateway("<authentication-managed-identity resource='api://functions' />")
    run.get()
    assert list(run.backend.calls[0].headers.values("Authorization")) == ["Bearer identity-for-api://functions"]


def test_a_backend_is_chosen_by_name_or_by_address(gateway):
    assert gateway("<set-backend-service backend-id='functions' />").get().status_code == 200
    run = gateway("<set-backend-service base-url='@(\"http://else\")' />")
    run.get()
    assert run.backend.calls[0].backend == "http://else"


def test_rewrite_uri_gives_the_backend_another_path(gateway):
    run = gateway("<rewrite-uri template='/other/{thingId}?a=b' copy-unmatched-params='true' />")
    run.get("/things/7?x=y")
    assert run.backend.calls[0].target == "/other/7?a=b&x=y"


def test_retry_repeats_while_its_condition_holds_and_gives_the_last_answer(gateway):
    codes = iter([503, 503, 503, 200])
    policy = (
        "<retry condition='@(context.Response.StatusCode == 503)' count='{}' interval='1' delta='2' max-interval='2'"
        " first-fast-retry='true'><forward-request timeout='7' /></retry>"
    )
    run = gateway(backend=policy.format(2), reply=lambda _: answer(next(codes)))
    assert (run.get().status_code, run.slept, run.backend.calls[0].seconds) == (503, [0, 2], 7)


def test_limit_concurrency_refuses_who_comes_when_all_places_are_taken(gateway):
    import asyncio

    run = gateway(
        "<limit-concurrency key='k' max-count='1'><authentication-managed-identity resource='r' /></limit-concurrency>"
    )
    inside, go = asyncio.Event(), asyncio.Event()

    class Slow:
        async def token(self, resource, client_id=None):
            inside.set()
            await go.wait()
            return "t"

    run.services.identity = Slow()

    async def both():
        first = asyncio.create_task(run.ask("GET", "/things/1"))
        await inside.wait()
        second = await run.ask("GET", "/things/1")
        go.set()
        return (await first).status_code, second.status_code

    assert asyncio.run(both()) == (200, 429)
    assert not run.services.running


CORS = (
    "<cors allow-credentials='true'><allowed-origins><origin>https://console</origin></allowed-origins>"
    "<allowed-methods preflight-result-max-age='300'><method>GET</method></allowed-methods>"
    "<allowed-headers><header>authorization</header></allowed-headers>"
    "<expose-headers><header>ETag</header></expose-headers></cors>"
)


def test_a_preflight_is_answered_by_the_gateway_for_allowed_origins(gateway, tmp_path):
    root = tree(tmp_path, api=policies(CORS))
    run = running(root)
    asked = {
        "Origin": "https://console",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    allowed = run.call("OPTIONS", "/things/1", "", headers=asked)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "https://console")
    assert allowed.headers["Access-Control-Max-Age"] == "300"
    other = run.call("OPTIONS", "/things/1", "", headers=asked | {"Origin": "https://evil"})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert run.call("OPTIONS", "/nothing", "", headers=asked).status_code == 404
    assert run.backend.calls == []


def test_answers_to_an_allowed_origin_may_be_read_there_and_errors_too(gateway):
    run = gateway(CORS + LIMIT.format(""))
    seen = [run.get(origin="https://console") for _ in range(3)]
    assert [answer.status_code for answer in seen] == [200, 200, 429]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in seen} == {"https://console"}
    assert seen[0].headers["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Allow-Origin" not in run.get(origin="https://evil").headers


CONTENT = (
    "<validate-content unspecified-content-type-action='prevent' max-size='20' size-exceeded-action='prevent'>"
    "<content type='application/json' validate-as='json' action='prevent' /></validate-content>"
)


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (b"{}", "application/json; charset=utf-8", None),
        (b"{}", "text/plain", "Unspecified"),
        (b"{", "application/json", "IncorrectMessage"),
        (b'"' + b"x" * 20 + b'"', "application/json", "SizeLimit"),
        (b"[" * 19, "application/json", "IncorrectMessage"),
    ],
)
def test_bodies_are_held_to_size_media_type_and_format(gateway, body, media_type, reason):
    run = gateway(CONTENT, on_error="<set-body>@(context.LastError.Reason)</set-body>", method="post")
    seen = run.call("POST", "/things/1", content=body, headers={"Content-Type": media_type})
    assert (seen.status_code, seen.text) == ((400, reason) if reason else (200, "ok"))
    assert len(run.backend.calls) == (0 if reason else 1)


def test_metrics_and_traces_are_recorded(gateway, caplog):
    metric = (
        "<emit-metric name='n' namespace='s'><dimension name='API ID' />"
        "<dimension name='d' value='@(\"v\")' /></emit-metric>"
    )
    said = (
        "<trace source='here' severity='error'><message>@(\"hello\")</message><metadata name='k' value='v' /></trace>"
    )
    run = gateway(metric + said)
    run.get()
    run.get()
    ((told, number),) = run.services.metrics.items()
    assert (told.namespace, told.name, told.dimensions, number) == ("s", "n", (("API ID", "jobs"), ("d", "v")), 2)
    assert "here: hello {'k': 'v'}" in caplog.text


def test_a_strict_forward_request_makes_an_error_of_an_error(gateway):
    run = gateway(backend="<forward-request fail-on-error-status-code='true' />", reply=lambda _: answer(502))
    assert run.get().status_code == 502


def test_on_error_may_answer_anything(gateway):
    stale = "<choose><when condition='@(context.LastError.PolicyId == \"gate\")'>{}</when></choose>".format(
        returned("stale")
    )
    run = gateway(LIMIT.format(""), on_error=stale)
    assert [run.get().text for _ in range(3)] == ["ok", "ok", "stale"]


def test_a_failure_in_on_error_is_a_plain_500(gateway):
    run = gateway(
        header("X", '@((string)context.Variables["no"])'), on_error=header("Y", '@((string)context.Variables["no"])')
    )
    seen = run.get()
    assert (seen.status_code, seen.json()) == (500, {"statusCode": 500, "message": "Internal server error"})


def test_what_ran_is_named_in_the_trace_header(gateway):
    run = gateway(LIMIT.format("") + CONTENT.replace("prevent", "ignore"), outbound=header("X", "1"))
    seen = run.get(x_apim_local_trace="1").headers["X-Apim-Local-Trace"]
    assert seen == "inbound:rate-limit-by-key#gate,inbound:validate-content,backend:forward-request,outbound:set-header"
    assert "X-Apim-Local-Trace" not in run.get().headers


def test_paths_that_no_operation_has_are_404_and_reach_no_backend(gateway):
    run = gateway(on_error=header("X-Operation", "seen"))
    for path in ("/nothing", "//things/1", "/things/1/", "/THINGS/1", "/things"):
        seen = run.get(path)
        assert (seen.status_code, "X-Operation" in seen.headers) == (404, False)
    assert run.backend.calls == []


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Idempotency-Key"])
def test_a_header_that_was_sent_twice_is_refused(gateway, name):
    import asyncio

    import httpx

    run = gateway()

    async def call():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(run.gateway), base_url="http://gateway") as client:
            return await client.get("/quantum/v1/things/1", headers=[(name, "a"), (name, "b")])

    assert asyncio.run(call()).status_code == 400
    assert run.backend.calls == []


def test_head_and_304_have_no_body_but_the_length_of_the_backends(gateway):
    run = gateway(method="head", reply=lambda _: answer(200, "", Content_Length="7"))
    seen = run.call("HEAD", "/things/1")
    assert (seen.headers["Content-Length"], seen.content) == ("7", b"")


def test_the_body_of_a_plain_error_is_api_managements(gateway):
    refused = [gateway(LIMIT.format("")).get() for _ in range(1)]
    assert refused[0].status_code == 200
    run = gateway(LIMIT.format(""))
    seen = [run.get() for _ in range(3)][-1]
    assert (
        json.loads(seen.text)["message"]
        == f"Rate limit is exceeded. Try again in {seen.headers['Retry-After']} seconds."
    )
