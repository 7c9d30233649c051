"""Programs made to exhaust the service are refused in bounded time and memory; the limits are counted, not timed."""

import os
import random
import re
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs import Limits, read_program
from tests.programs import test_ionq_reader, test_qpy_reader, test_quil_hostile
from tests.programs.test_faults import HEAD, HEAD2, MEASURED, MEASURED2

DOUBLING = "gate g0 a { x a; }\n" + "".join(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}\n" for n in range(1, 60))
EMPTY_DOUBLING = "gate g0 a { }\n" + "".join(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}\n" for n in range(1, 60))
DEEP = {
    "parentheses": "float a = " + "(" * 9_000 + "1" + ")" * 9_000 + ";",
    "signs": "float a = " + "-" * 20_000 + "1;",
    "powers": "float a = " + "2**" * 9_000 + "1;",
    "sums": "float a = " + "2+" * 20_000 + "1;",
    "blocks": "{" * 20_000 + "}" * 20_000,
    "branches": "if(c) " * 9_000 + "x q;",
    "branch-chain": "if(c) x q; else " * 4_000 + "x q;",
    "branch-chain-with-braces": "if(c){x q;}else " * 4_000 + "x q;",
    "loops": "for int i in [0:1] " * 3_000 + "x q;",
    "calls": "float a = " + "sin(" * 9_000 + "1" + ")" * 9_000 + ";",
    "boxes": "box{" * 9_000 + "}" * 9_000,
    "definitions": "def f(){" * 7_000 + "}" * 7_000,
    "unclosed": "(" * 60_000,
    "mixed-brackets": "([{" * 20_000,
    "aliases": "let a = " + "q ++ " * 10_000 + "q;",
}
LARGE = {
    "loop": "for int i in [0:2147483647] { x q[0]; }",
    "empty-loop": "for int i in [0:2147483647] { }",
    "nested-loops": "for int i in [0:9999] for int j in [0:9999] for int k in [0:9999] x q[0];",
    "nested-empty-loops": "for int i in [0:9999] for int j in [0:9999] { }",
    "doubling-gates": DOUBLING + "g59 q[0];",
    "power": "pow(1000000000) @ h q[0];",
    "huge-power": "pow(1e300) @ h q[0];",
    "powers-of-powers": "pow(9999) @ pow(9999) @ pow(9999) @ h q[0];",
    "many-controls": "qubit[900] r; ctrl(899) @ ry(1) r[0]" + "".join(f", r[{n}]" for n in range(1, 900)) + ";",
    "register": "qubit[1000000000000] r;",
    "bits": "bit[1000000000000] r;",
    "exponent": "int i = 9 ** 999999999;",
    "shift": "int i = 1 << 999999999;",
    "tower": "int i = 9 ** 9 ** 9 ** 9;",
    "digits": "int i = " + "9" * 60_000 + ";",
    "exclusive-or": "c = measure q; if (" + " ^ ".join(["c[0]"] * 150) + ") { x q[0]; }",
    "nested-equality": "c = measure q; if (" + "c[0] == (" * 40 + "c[1]" + ")" * 40 + ") { x q[0]; }",
    "broadcasts": "qubit[1000] r; " + "h r;" * 500,
}


def faults_of(language: str, source: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program(language, source)
    return raised.value.faults


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_before_it_reaches_the_native_parser(name: str) -> None:
    source = (HEAD + DEEP[name] + MEASURED)[:65_000]
    assert faults_of("openqasm3", source)
    assert faults_of("openqasm2", source.replace("3.0", "2.0", 1))


@pytest.mark.parametrize("name", LARGE)
def test_bombs_are_refused_by_counting(name: str) -> None:
    assert faults_of("openqasm3", HEAD + LARGE[name] + MEASURED)


def test_doubling_gates_without_an_effect_cost_nothing() -> None:
    program = read_program("openqasm3", HEAD + EMPTY_DOUBLING + "g59 q[0];" + MEASURED)
    assert len(program.operations) == 2


def test_the_limits_bound_what_is_held_in_memory() -> None:
    """All bombs in one process that may have 400 MiB of address space beyond what it starts with."""
    script = "from tests.programs.test_hostile import swallow_all; swallow_all()"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=_environment()
    )
    assert (done.returncode, done.stdout.strip()) == (0, f"{len(bombs())} refused"), done.stderr[-2000:]


def bombs() -> list[tuple[str, str | bytes]]:
    """Every program made to exhaust the service, of every format."""
    return [
        *(("openqasm3", HEAD + source + MEASURED) for source in LARGE.values()),
        *(("ionq-circuit", source) for source in test_ionq_reader.HOSTILE.values()),
        *(("quil", source[:65_000]) for source in test_quil_hostile.HOSTILE.values()),
        *(("qiskit-qpy", source) for source in test_qpy_reader.HOSTILE.values()),
    ]


def swallow_all() -> None:
    read_program("openqasm3", HEAD + MEASURED)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + 400 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    print(sum(bool(faults_of(language, source)) for language, source in bombs()), "refused")


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "secrets.inc", "https://example.com/x.inc"])
@pytest.mark.parametrize("version", [2, 3])
def test_includes_do_not_touch_disk_or_network(path: str, version: int, tmp_path: Path) -> None:
    """A file that is there is refused like one that is not, and nothing of it shows."""
    secret = tmp_path / "secret.inc"
    secret.write_text("top secret line\n")
    head = "OPENQASM 3.0;" if version == 3 else "OPENQASM 2.0;"
    for name in (path, str(secret)):
        faults = faults_of(f"openqasm{version}", f'{head}\ninclude "{name}";\n')
        assert "cannot be included" in faults[0].detail
        assert "top secret" not in " ".join(fault.detail for fault in faults)


def test_a_program_over_the_size_limit_is_refused_unread() -> None:
    assert "at most 65,536" in faults_of("openqasm3", "x" * 65_537)[0].detail
    assert "at most 65,536" in faults_of("openqasm3", "é" * 40_000)[0].detail
    assert "at most 16,777,216" in faults_of("qir", b"x" * (2**24 + 1))[0].detail


def test_the_deepest_program_allowed_is_read_in_a_thread_with_a_small_stack() -> None:
    """The service reads programs in threads, whose stacks may be smaller than the main one."""
    depth = Limits().nesting - 2
    nested = "float a = " + "(" * depth + "1" + ")" * depth + ";" + "float b = " + "1+" * 199 + "1;"
    blocks = "if (c == 1) {" * 40 + "x q[0];" + "}" * 40
    outcome: list[int] = []
    before = threading.stack_size(512 * 1024)
    try:
        source = HEAD + nested + "c = measure q;" + blocks + MEASURED
        thread = threading.Thread(target=lambda: outcome.append(len(read_program("openqasm3", source).operations)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert outcome == [5]


@pytest.mark.parametrize("piece", ["/* ", "/*\n", "\"'", "'\""])
def test_comments_and_texts_without_an_end_take_time_in_proportion(piece: str) -> None:
    """In its square, a mebibyte would take an hour."""
    with pytest.raises(ProgramInvalid):
        read_program("openqasm3", piece * (2**20 // len(piece)), limits=Limits(source_bytes=2**21))


def test_openqasm_2_has_the_same_limits() -> None:
    body = "gate g0 a { x a; }\n" + "".join(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}\n" for n in range(1, 60))
    assert "more than" in faults_of("openqasm2", HEAD2 + body + "g59 q[0];" + MEASURED2)[0].detail


PIECES = re.split(
    " ",
    "( ) [ ] { } ; , @ -> = == ++ q c if else for int gate measure ctrl inv pow(2) reset let const 1 -1 0.5 a x cx in "
    ": end box input output bit bool complex def extern while return 1e9 2im ! ** % << é U gphase $0 durationof 10ns",
)


def garbled(source: str, randomly: random.Random) -> str:
    for _ in range(randomly.choice([1, 1, 3])):
        place = randomly.randrange(len(source))
        cut = randomly.randrange(6)
        source = f"{source[:place]} {randomly.choice(PIECES)} {source[place + cut :]}"
    return source


def check_garbled(count: int, seed: int) -> None:
    randomly = random.Random(seed)
    for _ in range(count):
        source = garbled(
            HEAD + "gate g(t) a { rz(t/2) a; } c = measure q; if (c == 1) { g(1) q[0]; }" + MEASURED, randomly
        )
        try:
            read_program("openqasm3", source)
        except ProgramInvalid as error:
            assert all(fault.detail and (fault.line or 0) >= 1 and (fault.column or 0) >= 1 for fault in error.faults)  # noqa: PT017


def test_garbled_text_is_read_or_refused_with_places() -> None:
    check_garbled(150, seed=1)


@pytest.mark.long
def test_text_garbled_in_many_ways_is_read_or_refused_with_places() -> None:
    check_garbled(10_000, seed=2)
