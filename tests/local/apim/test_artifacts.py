import pytest

from local.apim.artifacts import SET_AT_DEPLOYMENT, read_tree
from local.apim.errors import TreeRefused
from tests.local.apim.gateway_trees import EMPTY, policies, tree, write


def faults(root, overrides=None):
    with pytest.raises(TreeRefused) as caught:
        read_tree(root, overrides)
    return [str(fault) for fault in caught.value.faults]


def test_a_tree_has_its_operations_with_method_template_and_policy(tmp_path):
    operations = {"get-thing": ("get", "/things/{thingId}", EMPTY), "make-thing": ("post", "/things", None)}
    read = read_tree(tree(tmp_path, operations=operations))
    (api,) = read.apis
    assert (api.prefix, api.name, api.version) == ("/quantum/v1", "Jobs", "v1")
    assert [(item.id, item.method, item.template, item.policy is None) for item in api.operations] == [
        ("get-thing", "GET", "/things/{thingId}", False),
        ("make-thing", "POST", "/things", True),
    ]


def test_named_values_are_put_into_attributes_and_texts(tmp_path):
    policy = policies("<set-header name='{{name}}'><value>@(\"{{ word }}\")</value></set-header>")
    root = tree(tmp_path, api=policy, values={"name": "X-A", "word": "w"})
    document = read_tree(root, {"word": "other"}).apis[0].policy
    (header,) = [element for element in document.all() if element.name == "set-header"]
    assert (header.attributes["name"], header.children[0].text) == ("X-A", '@("other")')


def test_an_unknown_named_value_is_refused_with_file_and_line(tmp_path):
    root = tree(tmp_path, api=policies("\n\n<set-header name='{{nmae}}' />"), values={"name": "X-A"})
    (fault,) = faults(root)
    assert fault == "apim/apis/jobs/policy.xml:4 name: no named value is called 'nmae'; there are name"


def test_a_named_value_that_is_still_to_be_set_is_refused(tmp_path):
    root = tree(tmp_path, values={"tenant": SET_AT_DEPLOYMENT})
    (fault,) = faults(root)
    assert "apim/named values/tenant/namedValueInformation.json:1: the named value 'tenant' is to be set" in fault
    read_tree(root, {"tenant": "t"})


def test_an_override_of_nothing_is_refused(tmp_path):
    (fault,) = faults(tree(tmp_path), {"tenant": "t"})
    assert "'tenant' is overridden, and there is no such named value" in fault


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<policies><inbound></policies>", "mismatched tag"),
        ("", "no element found"),
        ("<!DOCTYPE policies [<!ENTITY a 'b'>]><policies>&a;</policies>", "no document type"),
        ("<policies a=1 />", "not well-formed"),
        ("<policies>&nbsp;</policies>", "undefined entity"),
    ],
)
def test_what_is_not_a_policy_document_is_refused(tmp_path, text, reason):
    (fault,) = faults(tree(tmp_path, api=text))
    assert fault.startswith("apim/apis/jobs/policy.xml:1")
    assert reason in fault


def test_a_document_over_256_kib_is_refused(tmp_path):
    (fault,) = faults(tree(tmp_path, api=f"<policies><!--{'x' * 262_144}--></policies>"))
    assert "takes 262144 at most" in fault


def test_files_and_folders_that_nobody_would_read_are_refused_all_at_once(tmp_path):
    root = tree(tmp_path)
    write(root / "products" / "gold" / "policy.xml", EMPTY)
    write(root / "notes.txt", "x")
    shown = faults(root)
    assert [fault.partition(":")[0] for fault in shown] == ["apim/notes.txt", "apim/products"]


def test_a_policy_of_no_operation_is_refused(tmp_path):
    root = tree(tmp_path)
    write(root / "apis" / "jobs" / "operations" / "old-thing" / "policy.xml", EMPTY)
    assert "no operation 'old-thing'" in faults(root)[0]


def test_a_missing_folder_is_named(tmp_path):
    assert "there is no such folder of artifacts" in faults(tmp_path / "nowhere")[0]


def test_a_damaged_json_file_is_named(tmp_path):
    root = tree(tmp_path)
    write(root / "backends" / "functions" / "backendInformation.json", "{")
    assert faults(root)[0].startswith("apim/backends/functions/backendInformation.json:1: not JSON")
