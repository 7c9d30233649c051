import json
from pathlib import Path

import pytest

from quantum_jobs.errors import SettingsMissing
from quantum_jobs.settings import Settings

COMPLETE = {
    "KEY_VAULT_URL": "https://v.vault.azure.net",
    "STORAGE_ACCOUNT_NAME": "account",
    "ENTRA_TENANT_ID": "t",
    "ENTRA_AUDIENCE": "api://quantum-jobs",
    "PUBLIC_BASE_URL": "https://api.example.com/quantum/v1",
}


def test_all_missing_settings_are_named_at_once():
    with pytest.raises(SettingsMissing, match="KEY_VAULT_URL, ENTRA_TENANT_ID"):
        Settings.from_env({**COMPLETE, "KEY_VAULT_URL": "", "ENTRA_TENANT_ID": ""})


def test_storage_addresses_follow_from_the_account():
    assert Settings.from_env(COMPLETE).storage_url("queue") == "https://account.queue.core.windows.net"


def test_what_is_not_set_has_its_default():
    settings = Settings.from_env(COMPLETE)
    assert (settings.workspace_secret_name, settings.gateway_principal_id) == ("quantum-workspace", "")


def test_the_example_settings_start_the_service():
    example = json.loads(Path("local.settings.json.example").read_text())
    assert Settings.from_env(example["Values"]).storage_account_name == "quantumjobslocal"
