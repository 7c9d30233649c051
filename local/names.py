"""What everything in the local cloud is called: ids, host names, audiences and roles, in one place."""

from pathlib import Path
from typing import Final, Literal

REPOSITORY: Final = Path(__file__).resolve().parent.parent

StorageService = Literal["blob", "queue", "table"]
WorkspaceKind = Literal["V1", "V2"]

TENANT_ID: Final = "11111111-1111-4111-8111-111111111111"
SUBSCRIPTION_ID: Final = "22222222-2222-4222-8222-222222222222"
RESOURCE_GROUP: Final = "quantum-jobs-local"
WORKSPACE: Final = "quantum-jobs-local"
LOCATION: Final = "eastus"
STORAGE_ACCOUNT: Final = "quantumjobslocal"
KEY_VAULT: Final = "quantum-jobs-local"

LOGIN_HOST: Final = "login.microsoftonline.com"
MANAGEMENT_HOST: Final = "management.azure.com"
# Where the azure-quantum package looks for a workspace of each kind.
QUANTUM_HOSTS: Final[dict[WorkspaceKind, str]] = {
    "V1": f"{LOCATION}.quantum.azure.com",
    "V2": f"{LOCATION}-v2.quantum.azure.com",
}
KEY_VAULT_HOST: Final = f"{KEY_VAULT}.vault.azure.net"
STORAGE_SERVICES: Final[tuple[StorageService, ...]] = ("blob", "queue", "table")
STORAGE_HOSTS: Final[dict[StorageService, str]] = {
    service: f"{STORAGE_ACCOUNT}.{service}.core.windows.net" for service in STORAGE_SERVICES
}
HOSTS: Final = (LOGIN_HOST, MANAGEMENT_HOST, *QUANTUM_HOSTS.values(), KEY_VAULT_HOST, *STORAGE_HOSTS.values())

# Audience of the job API's own tokens, and the roles its callers can have.
AUDIENCE: Final = "api://quantum-jobs"
ROLE_SUBMIT: Final = "Jobs.Submit"
ROLE_READ_ALL: Final = "Jobs.Read.All"
ROLE_ADMIN: Final = "Jobs.Admin"
ROLES: Final = (ROLE_SUBMIT, ROLE_READ_ALL, ROLE_ADMIN)

# The identity of the Functions app: what the managed-identity endpoint issues tokens for.
MANAGED_IDENTITY_CLIENT_ID: Final = "33333333-3333-4333-8333-333333333333"
MANAGED_IDENTITY_PRINCIPAL_ID: Final = "44444444-4444-4444-8444-444444444444"

# The gateway's own identity, and what its tokens are for when it calls the Functions app.
GATEWAY_CLIENT_ID: Final = "55555555-5555-4555-8555-555555555555"
GATEWAY_PRINCIPAL_ID: Final = "66666666-6666-4666-8666-666666666666"
FUNCTIONS_AUDIENCE: Final = "api://quantum-jobs-functions"

ISSUER_V1: Final = f"https://sts.windows.net/{TENANT_ID}/"
ISSUER_V2: Final = f"https://{LOGIN_HOST}/{TENANT_ID}/v2.0"

# What the vault is seeded with: which quantum workspace to use, and the key that webhooks are signed with.
VAULT_ENTRY: Final = "quantum-workspace"
SIGNING_KEY_ENTRY: Final = "webhook-signing-key"
