"""What azure-core sends arrives as through its own transport, and fails as through its own."""

import io
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantum_jobs.border import THREADS
from quantum_jobs.connections import transport

MADE_BY_THE_PACKAGE = {"user-agent", "accept-encoding", "accept", "connection"}  # where azure-core names none


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"
    connections: set[object] = set()

    together = threading.Barrier(THREADS)

    def answer(self):
        self.connections.add(self.client_address)
        if self.path == "/together":
            self.together.wait(10)
        status = int(self.headers.get("Want", "200"))
        sent = self.body() if self.command in ("POST", "PUT") else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.dumps([self.command, self.path, headers, sent.decode("latin-1")]).encode()
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        if status != 200:
            self.send_header("Set-Cookie", "a=b")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size + 2)[:-2])
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers["Content-Length"]))

    do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the server looks for these names

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def ours():
    with transport() as made:
        yield made


@pytest.fixture
def theirs():
    with RequestsTransport() as made:
        yield made


def echoed(sender, request, **options):
    method, path, headers, body = json.loads(sender.send(request, **options).text())
    return method, path, {name: value for name, value in headers.items() if name not in MADE_BY_THE_PACKAGE}, body


BODIES = st.none() | st.binary(max_size=100) | st.text(st.characters(max_codepoint=0xFF), max_size=50)
PATHS = st.from_regex(r"/([a-z0-9()'=,$_-]|%2C|%C3%BC){0,20}(\?[a-z]{1,5}=([a-z0-9]|%27){0,9})?", fullmatch=True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["GET", "PUT", "POST", "DELETE"]), PATHS, st.sampled_from(["", "a", "multipart/x"]), BODIES)
def test_every_request_arrives_as_through_azure_cores_own_session(echo, ours, theirs, method, path, kind, body):
    def request():
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": kind} if kind else {}
        return HttpRequest(method, echo + path, headers=headers, content=content if method in ("PUT", "POST") else None)

    assert echoed(ours, request()) == echoed(theirs, request())


@pytest.mark.parametrize("content", [io.BytesIO(b"abc"), iter([b"ab", b"c"])])
def test_a_body_that_comes_in_pieces_arrives(echo, ours, content):
    assert echoed(ours, HttpRequest("PUT", f"{echo}/x", content=content))[3] == "abc"


def test_a_redirect_is_an_answer_and_no_cookie_is_kept(echo, ours):
    answer = ours.send(HttpRequest("GET", f"{echo}/x", headers={"Want": "303"}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/elsewhere")
    assert "cookie" not in echoed(ours, HttpRequest("GET", f"{echo}/x"))[2]


def test_connections_are_kept(echo, ours):
    Echo.connections.clear()
    for _ in range(5):
        echoed(ours, HttpRequest("GET", f"{echo}/x"))
    assert len(Echo.connections) == 1


def test_as_many_connections_are_kept_as_a_door_has_threads(echo, ours):
    Echo.connections.clear()
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(3):
            list(threads.map(lambda _: echoed(ours, HttpRequest("GET", f"{echo}/together")), range(THREADS)))
    assert len(Echo.connections) == THREADS


def test_an_answer_can_be_read_in_pieces(echo, ours):
    answer = ours.send(HttpRequest("GET", f"{echo}/x"), stream=True)
    assert json.loads(b"".join(answer.iter_bytes()))[1] == "/x"


def test_a_proxy_of_the_environment_is_used_and_left_out_where_it_says_so(echo, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", echo)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with transport() as sender:
        assert echoed(sender, HttpRequest("GET", "http://azure.example/x"))[1] == "http://azure.example/x"
        assert echoed(sender, HttpRequest("GET", f"{echo}/x"))[1] == "/x"


def test_nobody_there_is_an_error_of_the_request(ours):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ServiceRequestError):
            ours.send(HttpRequest("GET", url))


def test_no_answer_is_an_error_of_the_response(ours):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ServiceResponseError):
        ours.send(HttpRequest("GET", f"http://127.0.0.1:{silent.getsockname()[1]}"), read_timeout=0.1)
