"""What is not run exactly as it is deployed is refused when the tree is loaded, with file and line."""

import pytest

from local.apim.artifacts import read_tree
from local.apim.errors import TreeRefused
from local.apim.loading import load
from tests.local.apim.gateway_trees import EMPTY, GLOBAL, policies, tree


def faults(root, tier="basic-v2"):
    with pytest.raises(TreeRefused) as caught:
        load(read_tree(root), tier)
    return [str(fault) for fault in caught.value.faults]


RATE = "<rate-limit-by-key calls='1' renewal-period='1' counter-key='k' />"
LOOKUP = "<cache-lookup vary-by-developer='false' vary-by-developer-groups='false' />"


@pytest.mark.parametrize(
    ("inbound", "reason"),
    [
        ("<send-request mode='new' />", "<send-request>: this policy is not run here"),
        ("<quota-by-key calls='1' />", "<quota-by-key>: this policy is not run here"),
        ("<set-variable name='a' />", "<set-variable>: the attribute value is missing"),
        (
            "<set-variable name='a' value='b' c='d' />",
            "c: <set-variable> has no such attribute here; it has name, value",
        ),
        (
            "<set-header name='a' exists-action='replace'><value /></set-header>",
            "'replace' is not taken; what is: override",
        ),
        ("<set-header name='a' />", "a <value> is missing"),
        ("<set-header name='a'><value>x @(1) y</value></set-header>", "an expression is the whole value or none of it"),
        ("<set-header name='a'><valeu>x</valeu></set-header>", "<valeu>: <set-header> holds value"),
        ("<choose id='c'><when id='w' condition='@(true)' /></choose>", "id: <when> has no such attribute here"),
        ("<choose />", "<choose>: a <when> is missing"),
        ("<choose><otherwise /><when condition='@(true)' /></choose>", "its parts have one order: when, otherwise"),
        ("<choose><when condition='@(1)' /></choose>", "condition"),
        ("<choose><when condition='yes' /></choose>", "'yes' is neither true nor false"),
        ("<choose><when condition='@(true)'><nothing /></when></choose>", "<nothing>: this policy is not run here"),
        (
            "<rate-limit-by-key calls='many' renewal-period='1' counter-key='k' />",
            "calls: 'many' is not a whole number",
        ),
        ("<rate-limit-by-key calls='1' renewal-period='301' counter-key='k' />", "301 is out of bounds: 1 to 300"),
        ("<forward-request />", "may stand in backend, not in inbound"),
        ("<cache-store duration='1' />", "may stand in outbound, not in inbound"),
        (LOOKUP, "cache-lookup and cache-store go together"),
        (LOOKUP + LOOKUP, "may stand once in a section"),
        ("<choose><when condition='@(true)'><base /></when></choose>", "<base>: stands directly in a section"),
        ("<include-fragment fragment-id='none' />", "no fragment is called 'none'; there are none"),
        ("<set-backend-service backend-id='elsewhere' />", "no backend is called 'elsewhere'; there are functions"),
        ("<set-backend-service />", "say backend-id or base-url"),
        ("<validate-azure-ad-token tenant-id='common' />", "tenant-id"),
        ("<validate-azure-ad-token tenant-id='@(\"t\")' />", "tenant-id: an expression is not run here"),
        ("<validate-jwt require-signed-tokens='false'><openid-config url='u' /></validate-jwt>", "never taken here"),
        (
            "<validate-jwt header-name='a' token-value='b'><openid-config url='u' /></validate-jwt>",
            "says where the token is",
        ),
        ("<cache-lookup-value key='k' variable-name='v' />", "give a default-value"),
        ("<set-body template='liquid'>x</set-body>", "'liquid' is not taken; what is: none"),
        ("<set-status code='200' />", "may stand in"),
        ("<emit-metric name='n'><dimension name='Colour' /></emit-metric>", "the dimension 'Colour' needs a value"),
        ("<set-variable name='a' value='@(context.User.Email)' />", "User"),
        ("<set-variable name='a' value='@(context.Request.Metod)' />", "Method"),
        ("<set-variable name='a' value='@(1 +)' />", "value:"),
        ("text", "text"),
    ],
)
def test_a_policy_that_is_not_run_exactly_is_refused_with_its_line(tmp_path, inbound, reason):
    shown = faults(tree(tmp_path, operations={"get-thing": ("get", "/things", policies(f"\n{inbound}"))}))
    assert any(reason in fault for fault in shown), shown
    assert all(fault.startswith("apim/apis/jobs/operations/get-thing/policy.xml:") for fault in shown)
    if "together" not in reason and "text" not in reason:
        assert shown[0].startswith("apim/apis/jobs/operations/get-thing/policy.xml:3")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<policy />", "must be <policies>"),
        ("<policies><inbuond /></policies>", "<policies> holds inbound, backend, outbound, on-error"),
        ("<policies><inbound /><inbound /></policies>", "there is one <inbound>"),
        ("<policies><inbound a='b' /></policies>", "a section has no attributes"),
        (policies(backend="<base /><forward-request />"), "<backend> must hold exactly one policy"),
        (policies(backend=""), "<backend> must hold exactly one policy"),
        (policies(on_error=RATE), "may stand in inbound, not in on-error"),
        (
            policies(outbound="<cors><allowed-origins><origin>*</origin></allowed-origins></cors>"),
            "may stand in inbound",
        ),
    ],
)
def test_the_frame_of_a_document_is_held_to_its_form(tmp_path, document, reason):
    shown = faults(tree(tmp_path, operations={"get-thing": ("get", "/things", document)}))
    assert any(reason in fault for fault in shown), shown


def test_base_means_nothing_in_the_policies_of_all_apis(tmp_path):
    shown = faults(tree(tmp_path, everywhere=GLOBAL.replace("<inbound />", "<inbound><base /></inbound>")))
    assert shown == ["apim/policy.xml:1 <base>: nothing stands above the policies of all APIs"]


def test_a_fragment_holds_policies_that_may_stand_in_it_and_is_included_somewhere(tmp_path):
    fragments = {"a": f"<fragment>{LOOKUP}</fragment>", "b": "<fragment><set-variable name='x' value='y' /></fragment>"}
    shown = faults(tree(tmp_path, api=policies("<include-fragment fragment-id='a' />"), fragments=fragments))
    assert any(
        "policy fragments/a/policy.xml:1 <cache-lookup>: may not stand in a fragment" in fault for fault in shown
    )
    assert any("nothing includes the fragment 'b'" in fault for fault in shown)


def test_all_faults_are_told_and_what_operations_inherit_is_told_once(tmp_path):
    operations = {name: ("get", f"/{name}", EMPTY) for name in ("a", "b", "c")}
    broken = policies("<nothing-a /><nothing-b />")
    shown = faults(tree(tmp_path, api=broken, operations=operations))
    assert [fault.partition("<")[2].partition(">")[0] for fault in shown] == ["nothing-a", "nothing-b"]


@pytest.mark.parametrize("policy", [RATE, LOOKUP])
def test_a_tier_refuses_what_it_does_not_have(tmp_path, policy):
    stored = policies(policy, outbound="<cache-store duration='1' />" if policy == LOOKUP else "")
    root = tree(tmp_path, api=stored)
    load(read_tree(root), "developer")
    assert "the tier consumption does not have this policy" in faults(root, "consumption")[0]


def test_an_unknown_tier_is_no_tier(tmp_path):
    with pytest.raises(ValueError, match="no tier"):
        load(read_tree(tree(tmp_path)), "free")
