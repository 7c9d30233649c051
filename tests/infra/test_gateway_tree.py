"""What is deployed into API Management is the tree that the local gateway runs: all of it, and nothing else."""

import json
from collections import Counter

from tests.infra.reading import ROOT, keys, loaded, module
from tools.bicep.declarations import Variable

APIM = ROOT / "apim"
# The full specification is for people and clients; the gateway imports its own.
NOT_DEPLOYED = {APIM / "openapi.json"}


def test_every_file_of_the_tree_is_deployed_once() -> None:
    wanted = {path for path in APIM.rglob("*") if path.is_file() and path.name[0] != "."} - NOT_DEPLOYED
    assert Counter(loaded("gateway_api")) == Counter(wanted)


def test_what_the_tree_leaves_to_the_deployment_is_given() -> None:
    files = (APIM / "named values").rglob("*.json")
    properties = [json.loads(path.read_text())["properties"] for path in files]
    left = {item["displayName"] for item in properties if item["value"] == "set-at-deployment"}
    assert keys(module("gateway_api").of(Variable)["given"].value) == left


def test_names_of_files_are_names_of_what_is_deployed() -> None:
    text = (ROOT / "infra" / "modules" / "gateway_api.bicep").read_text()
    for folder in [*(APIM / "policy fragments").iterdir(), *(APIM / "apis/quantum-jobs/operations").iterdir()]:
        entry = text[text.index(f"    name: '{folder.name}'") :].split("  }")[0]
        assert f"/{folder.name}/policy.xml'" in entry
