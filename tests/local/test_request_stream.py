"""Reading of requests off a connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.request_stream import Head, Malformed, RequestStream

NAMES = st.from_regex(r"x-[a-zA-Z][a-zA-Z-]{0,10}", fullmatch=True)
FIELDS = st.lists(st.tuples(NAMES, st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)), max_size=4)
TARGETS = st.from_regex(r"/[a-zA-Z0-9$/._~-]{0,20}(\?[a-z]+=[a-z0-9%]*)?", fullmatch=True)
METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "MERGE", "PATCH"])
BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(0, 10_000), max_size=30)
type Sent = tuple[bytes, bytes, bytes]


class Taken:
    """Notes what comes, as one list per request: the head, the content, the bytes to send on."""

    def __init__(self) -> None:
        self.requests: list[list[object]] = []
        self.ended = 0

    def head(self, head: Head) -> None:
        self.requests.append([head.encode(), b"", b""])

    def body(self, content: bytes, framed: bytes) -> None:
        self.requests[-1][1] += content
        self.requests[-1][2] += framed

    def end(self, framed: bytes) -> None:
        self.requests[-1][2] += framed
        self.ended += 1


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """Give the bytes of a request, those of its head, and its content."""
    method, target, fields, body = draw(METHODS), draw(TARGETS), draw(FIELDS), draw(BODIES)
    lines = [f"{method} {target} HTTP/1.1", "Host: a.example", *(f"{name}: {value}" for name, value in fields)]
    if draw(st.booleans()):
        sizes = draw(st.lists(st.integers(1, 50), max_size=20))
        lines.append("Transfer-Encoding: chunked")
        framed = chunked(body, sizes)
    else:
        lines.append(f"Content-Length: {len(body)}")
        framed = body
    head = "\r\n".join((*lines, "", "")).encode()
    return head + framed, head, body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    pieces, rest = [], body
    for size in sizes:
        pieces, rest = [*pieces, rest[:size]], rest[size:]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, rest) if piece) + b"0\r\n\r\n"


def read(data: bytes, cuts: list[int]) -> Taken:
    taken = Taken()
    stream = RequestStream(taken)
    ends = [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in zip([0, *ends], ends, strict=False):
        stream.feed(data[start:end])
    return taken


@given(st.lists(requests(), min_size=1, max_size=3), CUTS)
def test_any_cutting_of_the_bytes_gives_the_same_requests(sent: list[Sent], cuts: list[int]) -> None:
    taken = read(b"".join(data for data, _, _ in sent), cuts)
    assert taken.ended == len(sent)
    assert [(request[0], request[1]) for request in taken.requests] == [(head, body) for _, head, body in sent]


@given(requests(), CUTS)
def test_what_is_sent_on_reads_as_the_same_request(sent: Sent, cuts: list[int]) -> None:
    data, head, body = sent
    (request,) = read(data, cuts).requests
    again = read(b"".join((request[0], request[2])), [])
    assert (again.ended, again.requests[0][:2]) == (1, [head, body])


def test_a_pause_inside_a_chunk_is_not_its_end() -> None:
    taken = Taken()
    stream = RequestStream(taken)
    for part in (b"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nx", b"", b"y\r\n0\r\n\r\n"):
        stream.feed(part)
    assert taken.requests[0][1:] == [b"xy", b"1\r\nx\r\n1\r\ny\r\n0\r\n\r\n"]


def test_a_waiting_body_does_not_hold_the_head_back() -> None:
    taken = read(b"PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", [])
    assert len(taken.requests) == 1
    assert taken.ended == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00 hello",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        RequestStream(Taken()).feed(data)


def test_an_endless_head_is_refused() -> None:
    stream = RequestStream(Taken())
    stream.feed(b"GET / HTTP/1.1\r\n")
    for _ in range(600):
        stream.feed(b"x-a: %s\r\n" % (b"x" * 100))
    with pytest.raises(Malformed, match="too long"):
        stream.feed(b"x-a: %s\r\n" % (b"x" * 10_000))
