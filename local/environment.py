"""The environment in which a command finds the local cloud under Azure's names, and nothing outside of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.names import KEY_VAULT_HOST, RESOURCE_GROUP, STORAGE_ACCOUNT, SUBSCRIPTION_ID, TENANT_ID, WORKSPACE

# A developer's own sign-in must not reach the local cloud, nor a developer's proxy lead a command past it.
UNWANTED: Final = frozenset(
    {
        "ALL_PROXY",
        "all_proxy",
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_PASSWORD",
        "AZURE_TOKEN_CREDENTIALS",
        "AZURE_USERNAME",
        "AZURITE_DB",  # would make Azurite keep its data in an SQL server
        "CURL_CA_BUNDLE",
        "IDENTITY_SERVER_THUMBPRINT",
        "IMDS_ENDPOINT",
        "MSI_ENDPOINT",
        "MSI_SECRET",
        "SSL_CERT_DIR",
    }
)

# What applications read that drive the workspace themselves; a Functions app has settings of these names.
OF_APPLICATIONS: Final = frozenset({"KEY_VAULT_URL", "STORAGE_ACCOUNT_NAME"})


def environment(
    *,
    front_port: int,
    plain_port: int,
    authority: Path,
    identity_secret: str,
    quantum_host: str,
    api_key: str,
    token: str,
) -> dict[str, str]:
    """Give what leads to this cloud; the URL of the job API comes with the Functions host."""
    proxy, loopback = f"http://127.0.0.1:{front_port}", "127.0.0.1,localhost"
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        # requests reads the first, ssl (and so aiohttp and httpx) the second.
        "REQUESTS_CA_BUNDLE": str(authority),
        "SSL_CERT_FILE": str(authority),
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{plain_port}/msi/token",
        "IDENTITY_HEADER": identity_secret,
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_QUANTUM_CONNECTION_STRING": (
            f"SubscriptionId={SUBSCRIPTION_ID};ResourceGroupName={RESOURCE_GROUP};WorkspaceName={WORKSPACE};"
            f"ApiKey={api_key};QuantumEndpoint=https://{quantum_host}/;"
        ),
        # Where a program finds what the service finds, when it drives the workspace itself.
        "KEY_VAULT_URL": f"https://{KEY_VAULT_HOST}",
        "STORAGE_ACCOUNT_NAME": STORAGE_ACCOUNT,
        "QDK_PYTHON_TELEMETRY": "none",
        "QUANTUM_JOBS_TOKEN": token,
        "LOCAL_CONTROL_URL": f"http://127.0.0.1:{plain_port}",
    }


def joined(inherited: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Give a process's whole environment: what it inherits, without what would lead out of the cloud, and ours."""
    return {name: value for name, value in inherited.items() if name not in UNWANTED} | dict(added)
