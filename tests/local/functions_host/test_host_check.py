"""What is wrong with an app is said at load: the real reason, with file and line where there is one."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from running_host import APPS

from local.functions_host.check import check
from local.functions_host.errors import HostError, LoadError

REPOSITORY = Path(__file__).parents[3]
HEAD = "import azure.functions as func\napp = func.FunctionApp()\n"


def app_of(folder: Path, code: str, host_json: str = '{"version": "2.0"}') -> Path:
    (folder / "function_app.py").write_text(code)
    (folder / "host.json").write_text(host_json)
    return folder


def failure(folder: Path) -> HostError:
    with pytest.raises(HostError) as caught:
        asyncio.run(check(folder))
    return caught.value


def http_function(name: str, arguments: str = "", parameters: str = "req: func.HttpRequest") -> str:
    return f"@app.route({arguments})\ndef {name}({parameters}) -> func.HttpResponse:\n    return func.HttpResponse()\n"


def trigger(decorator: str) -> str:
    return f"{HEAD}@app.{decorator}\ndef f(item):\n    pass\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import azure.functions\nimport no_such_module\n", "function_app.py:2: ModuleNotFoundError: No module named"),
        ("def f(:\n", "function_app.py:1: SyntaxError"),
        ("x = 1\n\ny = 1 / 0\n", "function_app.py:3: ZeroDivisionError"),
        ("import azure.functions\n", "Could not find top level function app instances"),
        (f"{HEAD}other = func.FunctionApp()\n", "More than one FunctionApp"),
        (HEAD, "defines an app without functions"),
        (HEAD + http_function("f") + http_function("f"), "Function f does not have a unique function name"),
        (HEAD + http_function("f", parameters="request: func.HttpRequest"), "function_app.py:3: .*'request'"),
        (HEAD + http_function("f", "route='{id}'", "req: func.HttpRequest, id: str"), "function_app.py:3: .*'id'"),
        (HEAD + http_function("f", parameters="req: int"), "function_app.py:3: .*req"),
        (HEAD + http_function("f", "route='admin/x'"), "function 'f': route 'admin/x' begins with admin"),
        (HEAD + http_function("f", "route='{id:uuid}'"), "function 'f': route .* there is no constraint 'uuid'"),
        (
            HEAD + http_function("f", "'x'") + http_function("g", "'X'"),
            "function 'g': route 'X' is taken by function 'f'",
        ),
        (trigger("blob_trigger('item', 'c/b', 'S')"), "function 'f': trigger binding 'item' of type 'blobTrigger'"),
        (trigger("queue_trigger('item', 'que', 'S')"), "function 'f', binding 'item': there is no setting 'S'"),
        (trigger("queue_trigger('item', '%Q%', 'S')"), "'%Q%' does not resolve"),
        (trigger("queue_trigger('item', 'A_B', 'S')"), "'A_B' is no queue name"),
        (trigger("timer_trigger('item', '* * *')"), r"schedule '\* \* \*': six fields are needed"),
        (
            HEAD + "@app.blob_output('out', 'c/b', 'S')\n" + http_function("f", parameters="req, out: func.Out[str]"),
            "function 'f': output binding 'out' of type 'blob' is not built",
        ),
    ],
)
def test_an_app_that_cannot_be_loaded_says_why(tmp_path: Path, code: str, message: str) -> None:
    assert re.search(message, str(failure(app_of(tmp_path, code))))


def test_the_reason_is_the_line_of_the_app_that_led_to_it(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def broken():\n    return {}['key']\n")
    error = failure(app_of(tmp_path, "import helper\n\nhelper.broken()\n"))
    assert str(error).startswith("helper.py:2: KeyError: 'key'")
    assert isinstance(error, LoadError)
    assert error.details.splitlines()[0].strip().startswith('File "' + str(tmp_path))
    assert "importlib" not in error.details


def test_an_import_error_is_told_once_and_without_the_search_path(tmp_path: Path) -> None:
    error = failure(app_of(tmp_path, "try:\n    1 / 0\nexcept ZeroDivisionError:\n    import no_such_module\n"))
    assert isinstance(error, LoadError)
    assert error.details.count("No module named 'no_such_module'") == 1
    assert "ZeroDivisionError" in error.details
    assert "sys.path" not in str(error) + error.details


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    assert "function_app.py does not exist" in str(failure(tmp_path))


def test_another_worker_runtime_is_refused(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"FUNCTIONS_WORKER_RUNTIME": "node"}}')
    assert "FUNCTIONS_WORKER_RUNTIME is 'node'" in str(failure(app_of(tmp_path, HEAD + http_function("f"))))


def test_after_a_failure_another_app_can_be_loaded(tmp_path: Path) -> None:
    failure(app_of(tmp_path, "1 / 0\n"))
    app_of(tmp_path, HEAD + http_function("f", "'x', methods=['GET']"))
    assert asyncio.run(check(tmp_path)) == "f  GET  /api/x  function"


def test_a_retry_policy_on_an_http_function_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    retry = "@app.retry(strategy='fixed_delay', max_retry_count='2', delay_interval='00:00:01')\n"
    asyncio.run(check(app_of(tmp_path, HEAD + retry + http_function("f"), '{"version": "2.0", "x": {"y": 1}}')))
    assert "f: a retry policy has no effect on a httpTrigger" in caplog.text
    assert "host.json: x.y has no effect in the local host" in caplog.text


def test_two_functions_of_one_queue_are_refused(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"S": "UseDevelopmentStorage=true"}}')
    code = (
        trigger("queue_trigger('item', 'queue', 'S')") + "@app.queue_trigger('item', 'Queue', 'S')\ndef g(item): ...\n"
    )
    assert "queue queue feeds function 'f' already" in str(failure(app_of(tmp_path, code)))


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.functions_host", "check", "--app", str(folder)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_the_check_command_prints_a_table_and_exits_0() -> None:
    done = checked(APPS / "http")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["a_thing", "GET", "/api/things/{id}", "anonymous"] in rows
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_the_check_command_prints_the_reason_and_exits_1(tmp_path: Path) -> None:
    done = checked(app_of(tmp_path, "import azure.functions\nraise SystemError('no luck')\n"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: function_app.py:2: SystemError: no luck\n")
    assert "runtime" not in done.stderr


def test_an_app_does_not_see_the_packages_beside_the_host(tmp_path: Path) -> None:
    done = checked(app_of(tmp_path, "import quantum_jobs\n"))
    assert "No module named 'quantum_jobs'" in done.stderr
