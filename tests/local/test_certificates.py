"""The certificate authority and the server certificate."""

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.certificates import LIFETIME, prepare
from local.errors import StateCorrupt
from local.names import HOSTS
from local.state import State

MADE = ("ca.pem", "server.pem", "server.key")


async def handshake(state: State, name: str) -> None:
    certificates = prepare(state)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificates.server_context())
    async with server:
        port = server.sockets[0].getsockname()[1]
        context = ssl.create_default_context(cafile=str(certificates.authority))
        assert context.verify_flags & ssl.VERIFY_X509_STRICT
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("name", [*HOSTS, "localhost", "127.0.0.1"])
def test_a_strict_client_accepts_the_certificate_for_every_name(tmp_path: Path, name: str) -> None:
    asyncio.run(handshake(State(tmp_path), name))


def test_the_certificate_does_not_pass_for_another_host(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(handshake(State(tmp_path), "example.com"))


def test_files_are_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    prepare(state)
    first = [(state.folder / name).read_bytes() for name in MADE]
    prepare(state)
    assert [(state.folder / name).read_bytes() for name in MADE] == first
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((state.folder / "server.key").stat().st_mode) == 0o600


def test_certificates_are_renewed_before_they_expire(tmp_path: Path) -> None:
    state, made_at = State(tmp_path), datetime.now(UTC) - LIFETIME + timedelta(days=29)
    old = prepare(state, now=made_at).certificate.read_bytes()
    assert prepare(state).certificate.read_bytes() != old


def test_certificates_that_lack_a_partner_are_made_anew_together(tmp_path: Path) -> None:
    state = State(tmp_path)
    prepare(state)
    other = State(tmp_path / "other")
    (state.folder / "ca.pem").write_bytes(prepare(other).authority.read_bytes())
    asyncio.run(handshake(state, HOSTS[0]))


@pytest.mark.parametrize("name", MADE)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    state = State(tmp_path)
    prepare(state)
    (tmp_path / name).write_bytes(b"\x00 not PEM")
    with pytest.raises(StateCorrupt, match=f"{tmp_path / name} is damaged .*: delete it and start again"):
        prepare(state)


def test_a_state_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateCorrupt, match="state is damaged"):
        State(tmp_path / "state")


def test_a_second_cloud_logs_beside_the_first(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.open_log("azurite") as first, state.open_log("azurite") as second:
        first.write(b"1")
        second.write(b"2")
    assert (tmp_path / "logs" / "azurite.log").read_bytes() == b"1"
    assert (tmp_path / "logs" / "azurite.2.log").read_bytes() == b"2"
    with state.open_log("azurite"):
        assert (tmp_path / "logs" / "azurite.log").read_bytes() == b""
