"""A worker process: answers requests on its standard input, one at a time, until the input ends."""

import json
import os
import signal
import struct
import sys
import threading
from dataclasses import asdict
from queue import SimpleQueue
from typing import IO, Any

from local.execution.errors import ExecutionError
from local.execution.limits import Limits, bound_next_job, bound_process
from local.execution.request import Request
from local.execution.run import run

HEADER = struct.Struct(">II")
"""Lengths of a frame's two parts: a JSON document and raw bytes."""


def frame(document: dict[str, Any], raw: bytes = b"") -> bytes:
    """Make a frame of a document and bytes."""
    text = json.dumps(document).encode()
    return HEADER.pack(len(text), len(raw)) + text + raw


def answer(document: dict[str, Any], program: bytes, limits: Limits) -> bytes:
    """Run a request and frame its answer: the result, or the code and message of what went wrong."""
    try:
        given = run(Request(**document), program, limits)
    except ExecutionError as error:
        return frame({"code": error.code, "message": str(error)})
    except MemoryError:
        text = f"The program needs more memory than the {limits.memory_bytes >> 20} MiB that the local engine allows."
        return frame({"code": "RuntimeError", "message": text})
    except RecursionError:
        return frame({"code": "InvalidInputData", "message": "The program is nested too deeply."})
    return frame({"usage": asdict(given.usage)}, given.document)


def receive(requests: IO[bytes], received: SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Read requests; at their end, which is the end of the parent, end this process whatever it computes."""
    while header := requests.read(HEADER.size):
        sizes = HEADER.unpack(header)
        text, program = requests.read(sizes[0]), requests.read(sizes[1])
        if len(program) < sizes[1]:
            break
        received.put((json.loads(text), program))
    os._exit(0)


def serve(requests: IO[bytes], answers: IO[bytes], limits: Limits) -> None:
    """Answer requests until they end; the first frame out says that the worker is ready."""
    received: SimpleQueue[tuple[dict[str, Any], bytes]] = SimpleQueue()
    threading.Thread(target=receive, args=(requests, received), daemon=True).start()
    answers.write(frame({"ready": True}))
    answers.flush()
    while True:
        document, program = received.get()
        bound_next_job(limits)
        answers.write(answer(document, program, limits))
        answers.flush()


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    limits = Limits(**json.loads(sys.argv[1]))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Ctrl-C in a terminal reaches the whole group; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A heavy program must not slow the answers of the workspace down.
    os.nice(10)
    bound_process(limits)
    serve(sys.stdin.buffer, answers, limits)


if __name__ == "__main__":
    main()
