"""The steps of a release to Azure. Not verified on Azure: tested against a stand-in of the Azure CLI.

Rolling back puts the package of the last release that passed its smoke test back; infrastructure stays as it is.
"""

import json
from pathlib import Path
from typing import Any

import httpx

from pipelines.azure import az, az_document, settings
from pipelines.errors import ReleaseFailed
from pipelines.smoke import smoke

TEMPLATE = "infra/main.bicep"
PARAMETERS = "infra/main.bicepparam"
_CONTAINER = "releases"
_LAST = "last-good.zip"
_SECONDS_TO_PASS = 600.0


def check_infrastructure() -> None:
    """Compile and lint the Bicep files with Microsoft's own compiler."""
    for file in (TEMPLATE, PARAMETERS):
        if not Path(file).is_file():
            raise ReleaseFailed(f"{file} is not there")
    az("bicep", "lint", "--file", TEMPLATE)
    az("bicep", "build", "--file", TEMPLATE, "--stdout", quiet=True)


def what_if() -> None:
    """Show what a deployment would change; changes nothing."""
    az("deployment", "sub", "what-if", *_deployment())


def deploy_infrastructure(folder: Path) -> None:
    """Deploy the infrastructure and keep its outputs for the steps that follow."""
    deployed = az_document("deployment", "sub", "create", *_deployment())
    outputs = {name: output["value"] for name, output in deployed["properties"]["outputs"].items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "outputs.json").write_text(json.dumps(outputs, indent=2) + "\n")


def deploy(folder: Path, package: str = "package.zip") -> None:
    """Put a package into every Functions app, as it is: Azure builds nothing.

    Raises:
        ReleaseFailed: no package, no outputs, or what az said.
    """
    file = folder / package
    if not file.is_file():
        raise ReleaseFailed(f"{file} is not there: run `make package`, or take it from the pipeline's artifacts")
    outputs = _outputs(folder)
    for group, app in zip(outputs["FUNCTIONS_GROUP_NAMES"], outputs["FUNCTIONS_APP_NAMES"], strict=True):
        place = ["--resource-group", group, "--name", app]
        az("functionapp", "deployment", "source", "config-zip", *place, "--src", str(file), "--build-remote", "false")


def smoke_release(folder: Path) -> None:
    """Smoke-test what was deployed, through its gateway, as the identity that is logged in."""
    outputs = _outputs(folder)
    scope = f"{outputs['API_AUDIENCE']}/.default"
    token = az("account", "get-access-token", "--scope", scope, "--query", "accessToken", "--output", "tsv", quiet=True)
    headers = {"Authorization": f"Bearer {token.strip()}"}
    with httpx.Client(base_url=outputs["API_URL"], headers=headers, timeout=30) as api:
        smoke(api, _SECONDS_TO_PASS, lambda line: print(f"smoke: {line}", flush=True))


def keep(folder: Path) -> None:
    """Keep the package, which has passed its smoke test, as the one to roll back to."""
    az("storage", "container", "create", "--name", _CONTAINER, *_account())
    blob = ["--container-name", _CONTAINER, "--name", _LAST, "--file", str(folder / "package.zip")]
    az("storage", "blob", "upload", *blob, "--overwrite", *_account())


def roll_back(folder: Path) -> None:
    """Put the last good package back and smoke-test it.

    Raises:
        ReleaseFailed: no release has ever passed.
    """
    blob = ["--container-name", _CONTAINER, "--name", _LAST]
    if not az_document("storage", "blob", "exists", *blob, *_account())["exists"]:
        raise ReleaseFailed("no release has passed its smoke test yet: there is nothing to roll back to")
    az("storage", "blob", "download", *blob, "--file", str(folder / _LAST), *_account())
    deploy(folder, _LAST)
    smoke_release(folder)


def _deployment() -> list[str]:
    """Name the deployment by its environment; parameters read their values from the settings themselves."""
    environment, location = settings(["AZURE_ENV_NAME", "AZURE_LOCATION"])
    place = ["--name", f"quantum-jobs-{environment}", "--location", location]
    return [*place, "--template-file", TEMPLATE, "--parameters", PARAMETERS]


def _account() -> list[str]:
    (account,) = settings(["RELEASES_STORAGE_ACCOUNT"])
    return ["--account-name", account, "--auth-mode", "login"]


def _outputs(folder: Path) -> dict[str, Any]:
    file = folder / "outputs.json"
    if not file.is_file():
        raise ReleaseFailed(f"{file} is not there: `make release-infrastructure` writes it")
    outputs: dict[str, Any] = json.loads(file.read_text())
    needed = ("API_URL", "API_AUDIENCE", "FUNCTIONS_APP_NAMES", "FUNCTIONS_GROUP_NAMES")
    missing = [name for name in needed if not outputs.get(name)]
    if missing:
        raise ReleaseFailed(f"the deployment has no outputs {', '.join(missing)}")
    return outputs
