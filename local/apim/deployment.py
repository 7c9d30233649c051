"""What the local cloud is to the gateway: the values that a deployment sets, and how the Functions app is guarded."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from local.names import AUDIENCE, FUNCTIONS_AUDIENCE, GATEWAY_CLIENT_ID, GATEWAY_PRINCIPAL_ID, TENANT_ID

BASE_PATH: Final = "/quantum/v1"
BACKEND_PATH: Final = "/v1"
DEFAULT_TIER: Final = "basic-v2"

NAMED_VALUES: Final[Mapping[str, str]] = {
    "entra-tenant-id": TENANT_ID,
    "entra-api-audience": AUDIENCE,
    "entra-api-client-id": AUDIENCE.removeprefix("api://"),
    "console-origin": "http://localhost:5173",
    "public-base-url": f"http://localhost{BASE_PATH}",
    "functions-app-id-uri": FUNCTIONS_AUDIENCE,
}


# The named values that bound how often somebody may call, and a number that nobody reaches (C# reads 32 bits).
LIMITS: Final = (
    "anonymous-calls-per-minute",
    "caller-calls-per-minute",
    "estimates-per-minute",
    "list-cost-per-minute",
    "submit-cost-per-minute",
    "target-submits-per-minute",
    "webhook-calls-per-minute",
)
_NEVER_REACHED: Final = "2000000000"


@dataclass(frozen=True)
class GatewayOptions:
    """How the gateway behaves: named values over those of the tree, the rules of a tier, and its cache.

    `limited` false is for measurements: calls are counted, and no limit is ever reached.
    """

    limited: bool = True
    named_values: Mapping[str, str] = field(default_factory=dict)
    tier: str = DEFAULT_TIER
    cache: str = "on"

    def command(self, port: int, functions: str) -> list[str]:
        """Give the arguments of Python that run it in front of a Functions host."""
        values = {
            **NAMED_VALUES,
            "public-base-url": f"http://127.0.0.1:{port}{BASE_PATH}",
            **({} if self.limited else dict.fromkeys(LIMITS, _NEVER_REACHED)),
            **self.named_values,
        }
        pairs = [part for name, value in values.items() for part in ("--named-value", f"{name}={value}")]
        backend = ["--backend", f"functions={functions}{BACKEND_PATH}"]
        return ["-m", "local.apim", "--port", str(port), "--tier", self.tier, "--cache", self.cache, *backend, *pairs]


def name_and_value(text: str) -> tuple[str, str]:
    """Read NAME=VALUE of a command line; raises ArgumentTypeError."""
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def behind_gateway() -> dict[str, str]:
    """Give the settings by which the Functions app lets the gateway in, and nobody else."""
    return {
        "ENTRA_AUDIENCE": FUNCTIONS_AUDIENCE,
        "GATEWAY_PRINCIPAL_ID": GATEWAY_PRINCIPAL_ID,
        "EASY_AUTH_AUDIENCES": f"{FUNCTIONS_AUDIENCE},{FUNCTIONS_AUDIENCE.removeprefix('api://')}",
        "EASY_AUTH_ALLOWED_APPLICATIONS": GATEWAY_CLIENT_ID,
        # The platform asks these itself, not through the gateway.
        "EASY_AUTH_EXCLUDED_PATHS": f"{BACKEND_PATH}/health/live,{BACKEND_PATH}/health/ready",
    }
