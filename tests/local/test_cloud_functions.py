"""The local cloud with a Functions host on a small app."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.cloud import REPOSITORY, start_cloud

APP = """
import os
import azure.functions as func
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("vault")
def vault(req: func.HttpRequest) -> func.HttpResponse:
    client = SecretClient("https://quantum-jobs-local.vault.azure.net", ManagedIdentityCredential())
    return func.HttpResponse(client.get_secret("quantum-workspace").value)


@app.route("address")
def address(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(os.environ["PUBLIC_BASE_URL"])
"""
HOST = '{"version": "2.0", "extensions": {"http": {"routePrefix": "v1"}}}'


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "function_app.py").write_text(APP)
    (tmp_path / "host.json").write_text(HOST)
    return tmp_path


def test_an_app_finds_the_vault_by_its_identity_and_knows_its_own_address(app: Path, tmp_path: Path) -> None:
    with start_cloud("--app", str(app), "--state", str(tmp_path / "state")) as cloud:
        base = cloud.environment["QUANTUM_JOBS_URL"]
        headers = {"Authorization": f"Bearer {cloud.environment['QUANTUM_JOBS_TOKEN']}"}
        assert requests.get(f"{base}/address", headers=headers, timeout=10).text == base
        assert requests.get(f"{base}/vault", headers=headers, timeout=10).json()["location"] == "eastus"


def test_a_host_that_was_killed_on_request_has_a_successor_at_the_same_address(app: Path, tmp_path: Path) -> None:
    with start_cloud("--app", str(app), "--state", str(tmp_path / "state")) as cloud:
        base, control = cloud.environment["QUANTUM_JOBS_URL"], cloud.environment["LOCAL_CONTROL_URL"]
        headers = {"Authorization": f"Bearer {cloud.environment['QUANTUM_JOBS_TOKEN']}"}
        for _ in range(2):
            assert requests.post(f"{control}/control/restart/functions", timeout=60).status_code == 204
            assert requests.get(f"{base}/address", headers=headers, timeout=10).text == base
        assert set(requests.get(f"{control}/control/health", timeout=10).json().values()) == {"running"}


def test_an_app_that_does_not_load_is_named_with_its_reason_and_its_log(app: Path, tmp_path: Path) -> None:
    (app / "function_app.py").write_text("import no_such_module\n")
    command = [sys.executable, "-m", "local", "run", "--app", app, "--state", tmp_path / "state", "--", "true"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("local: functions failed: function_app.py:1: ")
    assert "No module named 'no_such_module'" in done.stderr
    log = Path(done.stderr.rsplit(" ", 1)[1].strip())
    assert log == tmp_path / "state" / "logs" / "functions.log"
    assert "no_such_module" in log.read_text()


def test_check_shows_the_routes_or_the_reason_and_ends_with_it(app: Path) -> None:
    command = [sys.executable, "-m", "local", "check", app]
    good = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (good.returncode, "v1/vault" in good.stdout) == (0, True)
    (app / "host.json").write_text("{")
    bad = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == 1
    assert "host.json" in bad.stderr
