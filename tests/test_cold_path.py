"""What a new process imports before it can answer: the time that the first caller waits."""

import json
import subprocess
import sys

import pytest

from .cloud import REPOSITORY

# Outside of the standard library; everything else is imported by the first call that needs it.
ALLOWED = {
    "annotated_types",
    "azure",  # its functions only: see the second test
    "function_app",
    "markupsafe",
    "pydantic",
    "pydantic_core",
    "quantum_jobs",
    "typing_extensions",
    "typing_inspection",
    "werkzeug",
}
READERS = ("openqasm", "quil", "qpy", "qir_reader", "qir_bitcode")


@pytest.fixture(scope="module")
def imported():
    """Names of all modules that `import function_app` brings into a new process."""
    code = (
        "import sys; before = set(sys.modules); import function_app, json; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def test_function_app_imports_nothing_but_what_is_listed(imported):
    packages = {name.partition(".")[0] for name in imported if not name.startswith("_sysconfigdata")}
    assert packages - sys.stdlib_module_names - ALLOWED == set()


def test_of_azures_packages_it_imports_the_functions_only(imported):
    azure = {name for name in imported if name.startswith("azure.") and not name.startswith("azure.functions")}
    assert azure == set()


def test_no_reader_of_programs_is_imported_before_a_program_comes(imported):
    read = {name for name in imported if name.startswith("quantum_jobs.programs.")}
    assert {name for name in read if name.split(".")[2] in READERS} == set()


def test_no_schema_of_an_answer_is_imported_before_somebody_asks_for_the_specification(imported):
    assert {"quantum_jobs.schemas", "quantum_jobs.openapi", "quantum_jobs.examples"} & set(imported) == set()


def test_the_schema_of_a_body_is_built_at_its_first_use():
    code = (
        "from quantum_jobs.bodies import JobBody, JobPatch, LimitsBody, OptionsBody\n"
        "assert not {model.__pydantic_complete__ for model in (JobBody, JobPatch, LimitsBody, OptionsBody)} - {False}\n"
        'JobPatch.model_validate_json(\'{"name": "bell"}\')\n'
        "assert JobPatch.__pydantic_complete__\n"
        "assert not JobBody.__pydantic_complete__\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
