import json
import re

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from quantum_jobs import bodies, schemas
from quantum_jobs.examples import REQUESTS, answer
from quantum_jobs.gateway_openapi import ANY_PATH, INTERNAL, gateway_specification
from quantum_jobs.openapi import specification
from quantum_jobs.operations import BY_NAME, OPERATIONS, problems_of
from quantum_jobs.request_members import MEMBERS
from quantum_jobs.specifications import BASE_URL, FOR_GATEWAY, FULL, files

from .cloud import REPOSITORY
from .contract.import_rules import violations

FULL_DOCUMENT = json.loads(json.dumps(specification(BASE_URL)))
GATEWAY_DOCUMENT = json.loads(json.dumps(gateway_specification(BASE_URL)))


def operations(document):
    return {operation["operationId"]: operation for item in document["paths"].values() for operation in item.values()}


@pytest.mark.parametrize("path", [FULL, FOR_GATEWAY])
def test_the_committed_files_are_what_the_table_says_now(path):
    assert (REPOSITORY / path).read_text() == files()[path], "run `make spec` and read the difference"


@pytest.mark.parametrize("document", [FULL_DOCUMENT, GATEWAY_DOCUMENT], ids=["full", "gateway"])
def test_both_files_are_valid_openapi(document):
    validate(document)


def test_the_specification_has_every_operation_of_the_table_and_no_other():
    assert set(operations(FULL_DOCUMENT)) == {item.operation_id for item in OPERATIONS}
    assert set(operations(GATEWAY_DOCUMENT)) == ({item.operation_id for item in OPERATIONS} - INTERNAL) | set(ANY_PATH)
    for item in OPERATIONS:
        described = FULL_DOCUMENT["paths"][f"/{item.path}"][item.method.lower()]
        assert described["operationId"] == item.operation_id


def test_the_gateway_sends_every_method_on_any_path_to_the_service_but_preflights():
    assert {"get", "head", "post", "put", "patch", "delete"} == set(GATEWAY_DOCUMENT["paths"]["/*"])
    assert "/*" not in FULL_DOCUMENT["paths"]


def test_the_gateways_file_keeps_the_rules_of_the_import():
    assert violations(GATEWAY_DOCUMENT) == []


def test_the_checker_of_the_import_rules_refuses_the_full_file():
    found = " ".join(violations(FULL_DOCUMENT))
    for rule in ("version 3.1.0", "components.securitySchemes", "security", "links", "type null", "examples"):
        assert rule in found


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda d: d.update(openapi="3.0.1"), "version 3.0.1"),
        (lambda d: d["info"].update(summary="x"), "info.summary"),
        (lambda d: get(d, "/jobs").update(operationId="Get_Job"), "operationId Get_Job"),
        (lambda d: get(d, "/jobs").update(operationId="get-target"), "operationId get-target"),
        (lambda d: get(d, "/jobs")["parameters"][0].update(required=True), "state: query, required: True"),
        (lambda d: get(d, "/jobs")["parameters"][0].update(explode=True), "state: explode"),
        (lambda d: get(d, "/jobs")["parameters"].append({"name": "STATE", "in": "query"}), "STATE twice"),
        (lambda d: get(d, "/jobs").update(summary="x" * 301), "summary"),
        (lambda d: get(d, "/jobs").update(requestBody={}), "a body that is dropped"),
        (lambda d: schema(d, "Job").update(exclusiveMinimum=3), "exclusiveMinimum 3"),
        (lambda d: schema(d, "Job").update(properties={"a": {"type": ["string", "null"]}}), "type ['string', 'null']"),
        (lambda d: schema(d, "Job").update(properties={"a": {"$ref": "other.json"}}), "other.json"),
        (lambda d: schema(d, "Job")["properties"].update(a={"$ref": "#/components/schemas/Job"}), "Job is made of"),
    ],
)
def test_the_checker_finds_each_breach_of_the_import_rules(spoil, found):
    document = json.loads(json.dumps(GATEWAY_DOCUMENT))
    spoil(document)
    assert found in " ".join(violations(document))


def get(document, path):
    return document["paths"][path]["get"]


def schema(document, name):
    return document["components"]["schemas"][name]


def test_every_operation_answers_each_of_its_problems_and_has_no_default_answer():
    for item in OPERATIONS:
        responses = operations(FULL_DOCUMENT)[item.operation_id]["responses"]
        assert "default" not in responses  # with one, nobody would notice an answer that is not described
        for error in problems_of(item):
            content = responses[str(error.status)]["content"]["application/problem+json"]
            assert error.slug in content["examples"]


def test_every_answer_is_described_with_its_headers():
    for operation in operations(FULL_DOCUMENT).values():
        for response in operation["responses"].values():
            assert response["headers"]["Request-Id"]["required"] is True
            assert response["description"]


def test_every_member_of_a_request_is_described():
    described = {name: set(members) for name, members in MEMBERS.items()}
    closed = {
        name: set(item["properties"])
        for name, item in FULL_DOCUMENT["components"]["schemas"].items()
        if "properties" in item and item.get("additionalProperties") is False
    }
    assert described == closed
    for body in (FULL_DOCUMENT, GATEWAY_DOCUMENT):
        shown = body["components"]["schemas"]["JobBody"]["properties"]
        assert {name: item["description"] for name, item in shown.items()} == MEMBERS["JobBody"]


def test_every_member_of_an_answer_is_described():
    undescribed = [
        f"{name}.{member}"
        for name, item in FULL_DOCUMENT["components"]["schemas"].items()
        for member, described in item.get("properties", {}).items()
        if item.get("additionalProperties") is True and not {"description", "$ref"} & described.keys()
    ]
    assert undescribed == []


def test_an_operation_that_needs_a_role_needs_a_token_and_the_others_do_not():
    for item in OPERATIONS:
        security = operations(FULL_DOCUMENT)[item.operation_id]["security"]
        assert security == ([{"entra": []}] if item.roles else [])


def test_links_lead_to_operations_with_a_parameter_that_these_have():
    known = operations(FULL_DOCUMENT)
    links = [
        link
        for operation in known.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) >= 12
    for link in links:
        names = {item["name"] for item in known[link["operationId"]]["parameters"]}
        assert set(link["parameters"]) <= names


def validator(document, name):
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}, validate_formats=True
    )


@pytest.mark.parametrize("name", schemas.ANSWERS)
def test_the_examples_of_answers_are_of_their_schema(name):
    if name != "Problem":
        validator(FULL_DOCUMENT, name).validate(answer(name, BASE_URL))
        schemas.ANSWERS[name].model_validate(answer(name, BASE_URL))


@pytest.mark.parametrize("name", REQUESTS)
def test_the_examples_of_requests_are_of_their_schema_and_are_taken(name):
    for example in REQUESTS[name].values():
        validator(FULL_DOCUMENT, name).validate(example)
        getattr(bodies, name).model_validate_json(json.dumps(example))


def test_the_examples_of_problems_are_of_their_schema():
    for example in FULL_DOCUMENT["components"]["examples"].values():
        validator(FULL_DOCUMENT, "Problem").validate(example["value"])


def test_no_host_but_the_one_asked_for_is_in_the_specification():
    text = json.dumps(specification("https://elsewhere/v9"))
    hosts = set(re.findall(r"https?://([^/\"`\s]+)", text))
    assert hosts == {"elsewhere", "storage.example", "hooks.example"}


def test_bounds_of_whole_numbers_are_in_the_schema_and_not_in_the_code_alone():
    shots = FULL_DOCUMENT["components"]["schemas"]["JobBody"]["properties"]["shots"]
    assert (shots["minimum"], shots["maximum"]) == (1, bodies.MAX_SHOTS)


def test_operation_ids_are_names_that_a_gateway_keeps():
    for name, item in BY_NAME.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", item.operation_id), name
