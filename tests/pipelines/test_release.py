"""A release asks the Azure CLI for the right things in the right order, against a stand-in of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines import release
from pipelines.__main__ import main
from pipelines.errors import ReleaseFailed, SmokeFailed

STAND_IN = """#!/bin/sh
# Writes down how it is called; answers with what the test has put for the first words of the call, or fails.
printf '%s\\n' "$*" >> "$AZ_FOLDER/calls"
for words in 6 5 4 3 2; do
  file="$AZ_FOLDER/$(echo "$*" | cut -d' ' -f1-$words | tr ' ' '_')"
  if [ -f "$file.fails" ]; then cat "$file.fails" >&2; exit 3; fi
  if [ -f "$file" ]; then cat "$file"; exit 0; fi
done
"""
OUTPUTS = {
    "API_URL": {"value": "http://127.0.0.1:9/quantum/v1"},
    "API_AUDIENCE": {"value": "api://jobs"},
    "FUNCTIONS_APP_NAMES": {"value": ["app-one", "app-two"]},
    "FUNCTIONS_GROUP_NAMES": {"value": ["group-one", "group-two"]},
}


class Azure:
    """The stand-in: what it was asked, and what it answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def calls(self) -> list[str]:
        file = self._folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def answers(self, words: str, document: Any) -> None:
        (self._folder / words.replace(" ", "_")).write_text(json.dumps(document))

    def fails(self, words: str, message: str) -> None:
        (self._folder / f"{words.replace(' ', '_')}.fails").write_text(message)


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Azure:
    folder = tmp_path / "az"
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin/az"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("AZ_FOLDER", str(folder))
    monkeypatch.setenv("AZURE_ENV_NAME", "test")
    monkeypatch.setenv("AZURE_LOCATION", "westeurope")
    monkeypatch.setenv("RELEASES_STORAGE_ACCOUNT", "account")
    found = Azure(folder)
    found.answers("deployment sub create", {"properties": {"outputs": OUTPUTS}})
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "release").mkdir()
    (tmp_path / "release/package.zip").write_bytes(b"new")
    return tmp_path / "release"


def test_infrastructure_is_compiled_by_the_real_compiler_before_anything(azure):
    release.check_infrastructure()
    assert azure.calls == ["bicep lint --file infra/main.bicep", "bicep build --file infra/main.bicep --stdout"]


def test_what_is_shown_is_what_is_deployed(azure, folder):
    release.what_if()
    release.deploy_infrastructure(folder)
    shown, deployed = azure.calls
    assert deployed == shown.replace("what-if", "create") + " --output json"
    assert "--template-file infra/main.bicep --parameters infra/main.bicepparam" in shown


def test_the_package_goes_into_every_app_as_it_is(azure, folder):
    release.deploy_infrastructure(folder)
    release.deploy(folder)
    for name, call in zip(("one", "two"), azure.calls[1:], strict=True):
        assert f"--resource-group group-{name} --name app-{name} --src {folder}/package.zip" in call
        assert call.endswith("--build-remote false")


def test_a_roll_back_puts_the_last_kept_package_into_every_app_and_looks_at_it(azure, folder, monkeypatch):
    monkeypatch.setattr(release, "_SECONDS_TO_PASS", 0.1)
    release.deploy_infrastructure(folder)
    azure.answers("storage blob exists", {"exists": True})
    (folder / "last-good.zip").write_bytes(b"old")
    with pytest.raises(SmokeFailed, match="targets"):
        release.roll_back(folder)
    exists, download, *deployed = azure.calls[1:-1]
    assert exists.startswith(
        "storage blob exists --container-name releases --name last-good.zip --account-name account"
    )
    assert download.startswith("storage blob download --container-name releases --name last-good.zip")
    assert [f"--src {folder}/last-good.zip" in call for call in deployed] == [True, True]
    assert azure.calls[-1].startswith("account get-access-token --scope api://jobs/.default")


def test_without_a_kept_package_a_roll_back_says_so_and_changes_nothing(azure, folder):
    azure.answers("storage blob exists", {"exists": False})
    with pytest.raises(ReleaseFailed, match="nothing to roll back to"):
        release.roll_back(folder)
    assert len(azure.calls) == 1


def test_only_a_package_is_kept_and_it_replaces_the_one_before(azure, folder):
    release.keep(folder)
    assert azure.calls[1].startswith("storage blob upload --container-name releases --name last-good.zip")
    assert f"--file {folder}/package.zip --overwrite" in azure.calls[1]
    assert all("--auth-mode login" in call for call in azure.calls)


def test_what_azure_refuses_ends_the_step_with_its_words(azure, folder, capfd):
    azure.fails("functionapp deployment source config-zip", "ERROR: no such app")
    release.deploy_infrastructure(folder)
    assert main(["deploy", "--folder", str(folder)]) == 1
    told = capfd.readouterr().err
    assert "ERROR: no such app" in told
    assert "pipelines: `az functionapp deployment source config-zip ...` ended with code 3" in told
    assert len(azure.calls) == 2


def test_what_is_missing_is_named_before_anything_is_called(azure, folder, monkeypatch):
    with pytest.raises(ReleaseFailed, match=r"outputs\.json is not there: `make release-infrastructure`"):
        release.deploy(folder)
    shutil.copy(folder / "package.zip", folder / "other.zip")
    with pytest.raises(ReleaseFailed, match=r"none\.zip is not there: run `make package`"):
        release.deploy(folder, "none.zip")
    monkeypatch.delenv("AZURE_ENV_NAME")
    monkeypatch.delenv("AZURE_LOCATION")
    with pytest.raises(ReleaseFailed, match="set AZURE_ENV_NAME, AZURE_LOCATION"):
        release.what_if()
    assert azure.calls == []


def test_outputs_that_the_infrastructure_does_not_have_are_named(azure, folder):
    azure.answers("deployment sub create", {"properties": {"outputs": {"API_URL": {"value": "x"}}}})
    release.deploy_infrastructure(folder)
    with pytest.raises(ReleaseFailed, match="has no outputs API_AUDIENCE, FUNCTIONS_APP_NAMES"):
        release.deploy(folder)


def test_the_infrastructure_has_the_outputs_that_a_release_reads():
    text = (Path(release.__file__).parent.parent / release.TEMPLATE).read_text()
    for name in OUTPUTS:
        assert f"output {name} " in text


def test_without_the_azure_cli_it_says_so(azure, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ReleaseFailed, match="az is not there"):
        release.what_if()
