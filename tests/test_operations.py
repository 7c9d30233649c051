import json
from pathlib import Path

import azure.functions as func
import pytest

import function_app
from quantum_jobs.operations import CATCH_ALL, OPERATIONS, methods_of

ROOT = Path(function_app.__file__).parent


@pytest.fixture(scope="module")
def triggers():
    """Route and methods of each HTTP function, queue of each other, as the worker is told."""
    found = {}
    for function in function_app.app.get_functions():
        found[function.get_function_name()] = json.loads(str(function))["bindings"][0]
    return found


def test_the_apps_functions_are_the_operations_of_the_table(triggers):
    http = {
        (name, binding["route"], tuple(binding["methods"]))
        for name, binding in triggers.items()
        if binding["type"] == "httpTrigger" and name != CATCH_ALL
    }
    assert http == {(item.name, item.path, item.methods) for item in OPERATIONS}


def test_the_catch_all_sorts_last_because_the_host_matches_in_the_order_of_names(triggers):
    assert max(triggers) == CATCH_ALL


def test_no_function_wants_a_key_because_every_one_checks_the_token_itself(triggers):
    levels = {binding.get("authLevel") for binding in triggers.values() if binding["type"] == "httpTrigger"}
    assert levels == {func.AuthLevel.ANONYMOUS.name}


def test_shepherd_and_deliveries_are_woken_by_their_queues_and_by_the_poison_queues(triggers):
    queues = {name: item["queueName"] for name, item in triggers.items() if item["type"] == "queueTrigger"}
    assert queues == {
        "advance_job": "shepherd",
        "revive_job": "shepherd-poison",
        "deliver_event": "deliveries",
        "keep_undelivered": "deliveries-poison",
    }


def test_every_operation_that_tells_of_jobs_or_targets_needs_a_role():
    public = {item.name for item in OPERATIONS if not item.roles}
    assert public == {"health_live", "health_ready", "get_openapi", "get_error"}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("jobs", {"GET", "HEAD", "POST"}),
        ("/JOBS/", {"GET", "HEAD", "POST"}),
        ("jobs/job_1", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("jobs/job_1/result", {"GET", "HEAD"}),
        ("jobs/job_1/cancel", {"POST"}),
        ("jobs/job_1/else", set()),
        ("", set()),
    ],
)
def test_the_table_tells_which_methods_a_path_takes(path, methods):
    assert methods_of(path) == methods


def test_the_deployed_files_are_the_app_and_nothing_else():
    kept = {line[1:].rstrip("/*") for line in (ROOT / ".funcignore").read_text().split() if line.startswith("!")}
    assert kept == {"function_app.py", "host.json", "requirements.txt", "quantum_jobs"}
