"""The one table of the service, which is made at its first use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.data.tables import TableClient

TABLE = "jobs"
NO_TABLE = "TableNotFound"


def in_table[T](client: TableClient, write: Callable[[], T]) -> T:
    """Write; where there is no table yet, make it and write again."""
    from azure.core.exceptions import HttpResponseError

    try:
        return write()
    except HttpResponseError as error:
        if getattr(error, "error_code", None) != NO_TABLE:
            raise
        create_table(client)
        return write()


def create_table(client: TableClient) -> None:
    """Make the table; another thread or instance may have been faster."""
    from azure.core.exceptions import ResourceExistsError

    with contextlib.suppress(ResourceExistsError):
        client.create_table()
