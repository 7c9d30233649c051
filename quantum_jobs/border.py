"""The border to the Azure SDKs: how long they may try, and what becomes of their errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quantum_jobs.errors import ServiceUnavailable

# Left alone, the storage packages wait 15 seconds before their first retry. A caller is waiting, and the shepherd
# repeats what matters: two quick retries, then the truth. `initial_backoff` and `increment_base` are the storage
# packages' words, `retry_backoff_factor` azure-core's; all in seconds.
PATIENCE: Mapping[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 20,
    "retry_total": 2,
    "initial_backoff": 0.2,
    "increment_base": 2,
    "retry_backoff_factor": 0.2,
}


@contextmanager
def answering(part: str) -> Iterator[None]:
    """Turn every failure of an Azure call inside into `ServiceUnavailable`, which names the part and hides its words.

    What has a meaning (absent, exists, refused for good) is caught inside, where that meaning is known.
    """
    # azure.core costs 50 ms to import and is only needed once a call has been made.
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise ServiceUnavailable(part) from error
