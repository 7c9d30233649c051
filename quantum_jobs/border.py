"""The one place where errors of the Azure SDKs become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from quantum_jobs.errors import ServiceUnavailable


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
