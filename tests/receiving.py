"""A server on loopback that does with each request what a test says, over TLS with the local cloud's certificate."""

import contextlib
import socket
import threading


class Server:
    """A TLS server on loopback; `behave(connection, request)` is what it does with each connection."""

    def __init__(self, context, behave):
        self.requests = []
        self._context, self._behave = context, behave
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as line:
            request = b""
            while b"\r\n\r\n" not in request:
                request += line.recv(65_536) or b"\r\n\r\n"
            head, _, body = request.partition(b"\r\n\r\n")
            lengths = [row[15:] for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:")]
            while len(body) < int(lengths[0] if lengths else 0):
                body += line.recv(65_536)
            self.requests.append((head, body))
            self._behave(line)

    def close(self):
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes who waits in `accept`
        self._listening.close()


def answers(text):
    return lambda line: line.sendall(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")
