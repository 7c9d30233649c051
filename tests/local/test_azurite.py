"""Azurite as a child process."""

import subprocess
import uuid
from pathlib import Path

import pytest
import uvloop
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableServiceClient

from local import azurite
from local.azurite import StorageAccount
from local.certificates import Certificates, prepare
from local.errors import DataInUse, StateCorrupt
from local.state import State

TABLE = f"t{uuid.uuid4().hex}"


def add_row(account: StorageAccount, certificates: Certificates) -> int:
    """Add a row to a table and give how many there were."""
    service = TableServiceClient(
        f"{account.url('table')}/{account.name}",
        credential=AzureNamedKeyCredential(account.name, account.key),
        connection_verify=str(certificates.authority),
    )
    with service:
        table = service.create_table_if_not_exists(TABLE)
        rows = len(list(table.list_entities()))
        table.create_entity({"PartitionKey": "p", "RowKey": str(rows)})
    return rows


async def one_life(state: State, data: Path) -> int:
    certificates = prepare(state)
    child, account = await azurite.start(state, certificates, data)
    try:
        return add_row(account, certificates)
    finally:
        await child.stop()


def test_what_is_stored_in_a_folder_outlives_a_stop(tmp_path: Path) -> None:
    state, data = State(tmp_path / "state"), tmp_path / "data"
    assert uvloop.run(one_life(state, data)) == 0
    assert uvloop.run(one_life(state, data)) == 1
    assert (data / "account.key").stat().st_mode & 0o077 == 0


def test_a_damaged_account_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "account.key").write_text("short")
    with pytest.raises(StateCorrupt, match=r"account\.key is damaged"):
        uvloop.run(one_life(State(tmp_path / "state"), tmp_path))


def test_a_data_folder_in_use_is_refused_until_its_azurite_has_ended(tmp_path: Path) -> None:
    state, data = State(tmp_path / "state"), tmp_path / "data"

    async def two() -> None:
        certificates = prepare(state)
        first, _ = await azurite.start(state, certificates, data)
        try:
            with pytest.raises(DataInUse, match="is in use by another local cloud"):
                await azurite.start(state, certificates, data)
        finally:
            await first.stop()
        second, _ = await azurite.start(state, certificates, data)
        await second.stop()

    uvloop.run(two())


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataInUse, match="cannot be used for data: File exists"):
        uvloop.run(one_life(State(tmp_path / "state"), tmp_path / "data"))


@pytest.mark.parametrize("seed", range(1, 6))
def test_what_is_looked_up_by_key_is_what_looking_at_every_row_finds(seed: int) -> None:
    check = Path(__file__).with_name("keyed_lookups_check.cjs")
    done = subprocess.run(["node", check, str(seed), "3000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 1000
