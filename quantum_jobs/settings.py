"""Everything that differs between places, read from the environment once."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Self

from quantum_jobs.errors import SettingsMissing


def _setting(name: str, default: str | None = None) -> str:
    value: str = field(default=MISSING if default is None else default, metadata={"name": name})  # type: ignore[assignment]
    return value


@dataclass(frozen=True, kw_only=True)
class WorkspaceSettings:
    """What a process needs that drives the workspace itself: where things are, and what may be spent."""

    key_vault_url: str = _setting("KEY_VAULT_URL")
    storage_account_name: str = _setting("STORAGE_ACCOUNT_NAME")
    workspace_secret_name: str = _setting("WORKSPACE_SECRET_NAME", "quantum-workspace")
    storage_suffix: str = _setting("STORAGE_SUFFIX", "core.windows.net")
    identity_client_id: str = _setting("AZURE_CLIENT_ID", "")
    monthly_budget: str = _setting("MONTHLY_BUDGET", "1000.00")
    monthly_budget_per_target: str = _setting("MONTHLY_BUDGET_PER_TARGET", "")
    rate_card: str = _setting("RATE_CARD", "")
    webhook_signing_key_name: str = _setting("WEBHOOK_SIGNING_KEY_NAME", "webhook-signing-key")
    webhook_allowed_networks: str = _setting("WEBHOOK_ALLOWED_NETWORKS", "")
    webhook_allowed_ports: str = _setting("WEBHOOK_ALLOWED_PORTS", "443")
    result_retention_days: str = _setting("RESULT_RETENTION_DAYS", "")

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingsMissing: names every setting that is missing, at once.
        """
        names = {item.name: item.metadata["name"] for item in fields(cls)}
        required = [names[item.name] for item in fields(cls) if item.default is MISSING]
        missing = [name for name in required if not environment.get(name)]
        if missing:
            raise SettingsMissing(
                f"Set {', '.join(missing)}: the program cannot start without (docs/operations.md, docs/tight.md)."
            )
        given = {key: environment[name] for key, name in names.items() if environment.get(name)}
        return cls(**given)

    def storage_url(self, service: str) -> str:
        """The address of a storage service: `blob`, `queue` or `table`."""
        return f"https://{self.storage_account_name}.{service}.{self.storage_suffix}"


@dataclass(frozen=True, kw_only=True)
class Settings(WorkspaceSettings):
    """The app settings of the service; the names are those of `infra/` and `local.settings.json.example`."""

    entra_tenant_id: str = _setting("ENTRA_TENANT_ID")
    entra_audience: str = _setting("ENTRA_AUDIENCE")
    public_base_url: str = _setting("PUBLIC_BASE_URL")
    login_url: str = _setting("ENTRA_LOGIN_URL", "https://login.microsoftonline.com")
    gateway_principal_id: str = _setting("GATEWAY_PRINCIPAL_ID", "")
