"""What a receiver may do wrong, on real sockets: it costs seconds and bytes that are bounded, and leads nowhere."""

import asyncio
import contextlib
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from local.certificates import prepare
from local.state import State
from quantum_jobs import receivers
from quantum_jobs.addresses import Bounds
from quantum_jobs.errors import ReceiverBusy, WebhookRefused
from quantum_jobs.receivers import HttpReceivers

from .receiving import Server, answers
from .webhook_fakes import webhook

LOOPBACK = Bounds.of("443,1024-65535", "127.0.0.0/8,::1/128")
ORIGIN = "api.example"
BODY = b'{"specversion":"1.0"}'


@pytest.fixture
def certificates(tmp_path, monkeypatch):
    made = prepare(State(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    return made


@pytest.fixture
def start(certificates):
    """Starts a server; gives it with a webhook that leads there and the receivers to call it through."""
    opened = []

    def run(behave, bounds=LOOPBACK, context=None, host="localhost"):
        server = Server(context or certificates.server_context(), behave)
        calls = HttpReceivers(bounds, ORIGIN)
        opened.extend([server, calls])
        hook = webhook(url=f"https://{host}:{server.port}/hooks?a=b")
        return SimpleNamespace(
            server=server,
            hook=hook,
            calls=calls,
            tell=lambda: asyncio.run(calls.tell(hook, BODY, {"webhook-id": "id"})),
            ask=lambda: asyncio.run(calls.ask(hook)),
        )

    yield run
    for one in opened:
        one.close()


def test_an_event_is_posted_as_it_is_with_its_headers_to_the_path_of_the_url(start):
    run = start(answers("HTTP/1.1 204 No Content"))
    assert run.tell().status == 204
    ((head, body),) = run.server.requests
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hooks?a=b HTTP/1.1"
    assert {f"Host: localhost:{run.server.port}", "webhook-id: id", "User-Agent: quantum-jobs"} <= set(lines)
    assert "Content-Type: application/cloudevents+json" in lines
    assert body == BODY


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_is_held_against_the_name_or_the_address_of_the_url(start, host):
    assert start(answers("HTTP/1.1 200 OK\nContent-Length: 0"), host=host).tell().accepted


def test_the_handshake_names_us_and_needs_our_name_or_a_star_in_the_answer(start):
    for allowed in (ORIGIN, "*", "API.example"):
        run = start(answers(f"HTTP/1.1 200 OK\nWebHook-Allowed-Origin: {allowed}"))
        assert run.ask().allowed_origin == allowed
        head = run.server.requests[0][0].decode()
        assert head.startswith("OPTIONS /hooks?a=b HTTP/1.1")
        assert f"WebHook-Request-Origin: {ORIGIN}" in head
    for answer in ("HTTP/1.1 200 OK", "HTTP/1.1 200 OK\nWebHook-Allowed-Origin: other.example"):
        said = start(answers(answer)).ask()
        assert said.allowed_origin is None
        assert f"WebHook-Allowed-Origin: {ORIGIN}" in said.reason
    refused = start(answers(f"HTTP/1.1 405 No\nWebHook-Allowed-Origin: {ORIGIN}")).ask()
    assert (refused.accepted, refused.reason) == (False, "answered 405")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(start, status):
    other = start(answers("HTTP/1.1 200 OK"))
    run = start(answers(f"HTTP/1.1 {status} Away\nLocation: https://localhost:{other.server.port}/"))
    assert run.tell().reason == "redirects are not followed"
    assert (len(run.server.requests), other.server.requests) == (1, [])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Retry-After: 7", 7), ("Retry-After: soon", None), ("Retry-After: -1", None), ("X: y", None)],
)
def test_how_long_a_receiver_wants_to_be_left_alone_is_told(start, header, seconds):
    assert start(answers(f"HTTP/1.1 429 Slow\n{header}")).tell().retry_after_seconds == seconds


def test_a_moment_in_retry_after_is_read_as_seconds_from_now(start):
    moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    assert 590 < start(answers(f"HTTP/1.1 503 Slow\nRetry-After: {moment}")).tell().retry_after_seconds <= 600


def test_of_a_huge_answer_nothing_is_read_but_its_head(start):
    sent = []

    def floods(line):
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while len(sent) < 1000:
                line.sendall(b"x" * 65_536)
                sent.append(1)

    assert start(floods).tell().status == 200
    assert len(sent) < 1000


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300,
        b"HTTP/1.1 OK\r\n\r\n",
        b"\x00" * 1000,
        b"SSH-2.0-x\r\n",
        b"",
    ],
)
def test_a_head_without_end_or_sense_is_no_answer(start, head):
    said = start(lambda line: line.sendall(head)).tell()
    assert (said.status, said.reason) in [(None, "no answer in HTTP"), (None, "no connection")]


def test_a_receiver_that_trickles_or_says_nothing_is_cut_off_in_time(start, monkeypatch):
    monkeypatch.setattr(receivers, "_DELIVERY_SECONDS", 1.5)
    ended = threading.Event()

    def trickles(line):
        with contextlib.suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                line.sendall(b"X-Slow: y\r\n")
                time.sleep(0.1)
        ended.set()

    assert start(trickles).tell().reason == "no answer within 1.5 s"
    assert ended.wait(20), "the connection is still there"
    heard = threading.Event()
    assert start(lambda line: (line.recv(1), heard.set())).tell().reason == "no answer within 1.5 s"
    assert heard.wait(20), "the connection is still there"


def test_a_handshake_of_tls_that_never_ends_is_cut_off_too(start, monkeypatch, certificates):
    monkeypatch.setattr(receivers, "_DELIVERY_SECONDS", 1.5)
    silent = socket.create_server(("127.0.0.1", 0))
    run = start(answers("HTTP/1.1 200 OK"))
    hook = webhook(url=f"https://localhost:{silent.getsockname()[1]}/")
    said = asyncio.run(run.calls.tell(hook, BODY, {}))
    assert said.status is None
    silent.close()


def test_a_slow_receiver_holds_up_nobody_else(start, monkeypatch):
    monkeypatch.setattr(receivers, "_PATIENCE_SECONDS", 0.05)
    go = threading.Event()
    slow, quick = start(lambda line: go.wait(30)), start(answers("HTTP/1.1 200 OK"))

    async def together():
        held = [asyncio.create_task(slow.calls.tell(slow.hook, BODY, {})) for _ in range(12)]
        refused, _ = await asyncio.wait(held, timeout=1)
        other = webhook(url=quick.hook.url, owner="other")
        said = await slow.calls.tell(other, BODY, {})
        go.set()
        await asyncio.wait(held)
        return [task.exception() for task in held], said, len(refused)

    errors, said, refused = asyncio.run(together())
    assert said.status == 200
    assert refused == 8
    assert sum(isinstance(error, ReceiverBusy) for error in errors) == 8


def test_a_certificate_of_an_unknown_authority_or_another_name_is_no_connection(start, tmp_path, monkeypatch):
    stranger = prepare(State(tmp_path / "stranger"))
    said = start(answers("HTTP/1.1 200 OK"), context=stranger.server_context()).tell()
    assert said.reason.startswith("TLS: ")
    run = start(answers("HTTP/1.1 200 OK"))
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    hook = webhook(url=f"https://hooks.example:{run.server.port}/")
    assert asyncio.run(run.calls.tell(hook, BODY, {})).reason.startswith("TLS: ")
    assert run.server.requests == []


def resolving(*addresses):
    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return getaddrinfo


def test_nobody_answers_on_a_closed_port(start):
    run = start(answers("HTTP/1.1 200 OK"))
    run.server.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        hook = webhook(url=f"https://localhost:{free.getsockname()[1]}/")
    assert asyncio.run(run.calls.tell(hook, BODY, {})).reason == "no connection"


def test_loopback_is_refused_at_registration_and_at_each_delivery_unless_it_is_allowed(start):
    run = start(answers("HTTP/1.1 200 OK"), bounds=Bounds.of("1024-65535", ""))
    with pytest.raises(WebhookRefused, match="not public"):
        asyncio.run(run.calls.check(run.hook.url))
    assert run.tell().reason == "localhost leads to an address that is not public"
    assert run.ask().status is None
    assert run.server.requests == []


def test_a_name_that_leads_elsewhere_after_its_registration_is_refused_at_the_delivery(start, monkeypatch):
    run = start(answers("HTTP/1.1 200 OK"), bounds=Bounds.of("1024-65535", ""))
    hook = webhook(url=f"https://hooks.example:{run.server.port}/")
    monkeypatch.setattr(socket, "getaddrinfo", resolving("8.8.8.8"))
    asyncio.run(run.calls.check(hook.url))
    for addresses in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"]):
        monkeypatch.setattr(socket, "getaddrinfo", resolving(*addresses))
        said = asyncio.run(run.calls.tell(hook, BODY, {}))
        assert said.reason == "hooks.example leads to an address that is not public"
    assert run.server.requests == []


def test_the_name_is_looked_up_once_for_a_call_and_what_was_checked_is_connected_to(start, monkeypatch):
    run = start(answers("HTTP/1.1 200 OK"))
    lookups = []

    def changing(host, port, *arguments, **options):
        lookups.append(host)
        return resolving("127.0.0.1" if len(lookups) == 1 else "169.254.169.254")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    assert run.tell().status == 200
    assert lookups == ["localhost"]


def test_no_proxy_stands_between_us_and_a_receiver(start, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        assert start(answers("HTTP/1.1 200 OK")).tell().status == 200
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_name_without_an_address_is_refused_at_the_registration(start, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror("unknown")

    run = start(answers("HTTP/1.1 200 OK"))
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(WebhookRefused, match="has no address"):
        asyncio.run(run.calls.check("https://nowhere.example/"))
