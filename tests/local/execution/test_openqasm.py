"""OpenQASM programs: registers, feed-forward, loops, what is refused and where, and programs that mean harm."""

import contextlib
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.execution import openqasm
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.program import Gate, Measure
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees, distribution

OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
NEW = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def outcomes(source: str, shots: int = 4000) -> Counter[str]:
    """Outcomes with the first register first and bit 0 first in each, spaces between registers."""
    program = openqasm.read(source.encode())
    sampled = Simulator(program, seed=5).sample(shots)
    assert "while" in source or agrees(sampled, distribution(program))
    found: Counter[str] = Counter()
    for record, count in sampled.items():
        text = "".join(str(entry[1]) if isinstance(entry, tuple) else " " for entry in record)
        found[text.strip()] += count
    return found


def close(found: Counter[str], wanted: dict[str, float]) -> bool:
    """Within five standard deviations for each outcome, and no other outcome."""
    shots = sum(found.values())
    spread = {key: 5 * math.sqrt(shots * p * (1 - p)) for key, p in wanted.items()}
    return set(found) <= set(wanted) and all(abs(found[key] - shots * p) <= spread[key] for key, p in wanted.items())


_P = math.sin(0.6) ** 2
PROGRAMS = {
    "registers in order of declaration": (
        OLD + "qreg q[3]; creg b[2]; creg a[1]; creg c[3]; x q[0]; measure q[0] -> b[1]; measure q -> c;",
        {"01 0 100": 1.0},
    ),
    "a condition holds for the whole number of a register": (
        OLD + "qreg q[3]; creg c[2]; creg d[1]; x q[1]; measure q[0] -> c[0]; measure q[1] -> c[1];"
        " if (c == 1) x q[2]; if (c == 2) x q[2]; if (c == 2) measure q[2] -> d[0];",
        {"01 1": 1.0},
    ),
    "teleportation": (
        OLD + "qreg q[3]; creg m0[1]; creg m1[1]; creg out[1]; ry(1.2) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1];"
        " h q[0]; measure q[0] -> m0[0]; measure q[1] -> m1[0]; if (m1 == 1) x q[2]; if (m0 == 1) z q[2];"
        " ry(-1.2) q[2]; measure q[2] -> out[0];",
        {f"{a} {b} 0": 0.25 for a in (0, 1) for b in (0, 1)},
    ),
    "reset and reuse": (
        OLD + "qreg q[1]; creg c[2]; ry(1.2) q[0]; measure q[0] -> c[0]; reset q[0]; x q[0]; measure q[0] -> c[1];",
        {"01": 1 - _P, "11": _P},
    ),
    "Quantinuum's own gates": (
        (
            'OPENQASM 2.0;\ninclude "hqslib1.inc";\nqreg q[2]; creg c[2]; U1q(pi/2, 0.5*pi) q[0];'
            " U1q(pi/2, 0.5*pi) q[1]; RZZ(pi/2) q[0], q[1]; ZZ q[0], q[1]; barrier q; rz(pi) q[0]; rz(pi) q[1];"
            " U1q(-pi/2, 0.5*pi) q[0]; U1q(pi/2, 0.5*pi) q[1]; measure q -> c;"
        ),
        {"01": 1.0},
    ),
    "a loop until a bit is 1": (
        NEW + "qubit q; bit c; while (c == 0) { h q; c = measure q; }",
        {"1": 1.0},
    ),
    "loops over numbers": (
        NEW + "const int n = 4; qubit[n] q; bit[n] c; for int i in [0:2:n - 1] { x q[i]; }"
        " for uint i in {1, 3} { for int j in [i:i] cx q[j - 1], q[j]; } x q[-1]; c = measure q;",
        {"1110": 1.0},
    ),
    "else, not, and, or": (
        NEW + "qubit[4] q; bit[3] c; bit d; x q[0]; c[0] = measure q[0]; c[1] = measure q[1];"
        " if (c[0] && !c[1]) { if (c == 1 || c[2]) { x q[3]; } else { x q[2]; } } else { x q[2]; }"
        " c[2] = measure q[2]; d = measure q[3];",
        {"100 1": 1.0},
    ),
    "aliases, slices and sets": (
        NEW + "qubit[3] a; qubit[2] b; bit[5] c; let all = a[1:2] ++ b; x all[{0, 3}]; c[0:2] = measure a;"
        " measure b -> c[3:4];",
        {"01001": 1.0},
    ),
    "a measurement that nobody sees": (
        NEW + "qubit q; bit c; h q; measure q; h q; c = measure q;",
        {"0": 0.5, "1": 0.5},
    ),
    "a register wider than a machine word": (
        OLD + "qreg q[2]; creg c[70]; creg d[1]; x q[0]; measure q[0] -> c[69];"
        " if (c == 590295810358705651712) x q[1]; measure q[1] -> d[0];",
        {"0" * 69 + "1 1": 1.0},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_its_distribution(name: str) -> None:
    source, wanted = PROGRAMS[name]
    assert close(outcomes(source), wanted)


def test_measurements_at_the_end_of_a_plain_circuit_are_sampled_together() -> None:
    program = openqasm.read((OLD + "qreg q[20]; creg c[20]; h q; measure q -> c;").encode())
    assert len(program.blocks) == 1
    assert program.registers == ("c",)
    assert sum(isinstance(step, Measure) for step in program.blocks[0].operations) == 20


def test_pragmas_annotations_comments_and_hints_change_nothing() -> None:
    text = (
        NEW
        + "pragma anything { ] here\n#pragma more\n@note x\nqubit q; // x q;\n/* x\nq; */ barrier q; delay[3ns] q; h q;"
    )
    steps = openqasm.read(text.encode()).blocks[0].operations
    assert steps == (Gate("h", (0,)),)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", r"line 1, column 1: a program begins with OPENQASM"),
        ("qreg q[1];", r"line 1, column 1: a program begins with OPENQASM"),
        (OLD + "qreg q[2];\n  cx q[0] q[1];", r"line 4, column 11: ',' must stand here"),
        (OLD + "qreg q[2];\nh q[2];", r"line 4, column 3: q\[2\] is not there: 'q' has 2"),
        (OLD + "qreg q[2]; h q[-1];", r"q\[-1\] is not there"),
        (NEW + "qubit[2] q; h q[-3];", r"q\[-3\] is not there"),
        (OLD + "qreg q[2]; cx q[0], q[0];", "given one qubit twice"),
        (OLD + "qreg q[2]; cx q, q;", "given one qubit twice"),
        (OLD + "qreg q[1]; fancy q[0];", "there is no gate 'fancy' here"),
        (
            "OPENQASM 2.0; qreg q[1]; h q[0];",
            r"there is no gate 'h' here. Include qelib1.inc or stdgates.inc or hqslib",
        ),
        (OLD + "qreg q[1]; rx q[0];", "takes 1 angles and 1 qubits; it is given 0 and 1"),
        (OLD + "qreg q[1]; rx(1/0) q[0];", "cannot be computed: (float )?division by zero"),
        (OLD + "qreg q[1]; rx(sqrt(-1)) q[0];", "cannot be computed"),
        (OLD + "qreg q[1]; rx(ln(0)) q[0];", "cannot be computed"),
        (OLD + "qreg q[1]; rx(theta) q[0];", "no constant or parameter named 'theta'"),
        (OLD + "qreg q[1]; rx(1e999) q[0];", "finite"),
        (OLD + "qreg q[1]; qreg q[2];", "the name 'q' is taken already"),
        (OLD + "qreg q[0];", "register 'q' of 0 cannot be"),
        (OLD + "qreg q[99999999999999999999];", "cannot be: sizes are from 1, 65536 qubits in all"),
        (OLD + "creg c[1.5];", "must be a whole number, not 1.5"),
        (OLD + "qreg q[2]; creg c[1]; measure q -> c;", "2 qubits cannot be measured into 1 bits"),
        (OLD + "qreg q[1]; measure q[0] -> d[0];", "no register of bits named 'd'"),
        (OLD + "creg c[1]; h c[0];", "no register of qubits named 'c'"),
        (OLD + "qubit q;", "'qubit' needs OPENQASM 3.0;"),
        (OLD + "gate g a { h b; }", "'b' is not a qubit of the gate 'g'"),
        (OLD + "gate g a { g a; }", "there is no gate 'g' here"),
        (OLD + "gate g a, a { }", "names two of its parameters or qubits alike"),
        (OLD + "gate g a { } gate g a { }", "the gate 'g' is defined already"),
        (OLD + "gate g a { h a;", "a name must stand here|'@' must"),
        (NEW + "qubit q; bit c; if (c == 1) { h q;", r"a block is not closed by '}'"),
        (NEW + "for int i in [0:2] { qubit q; }", "must be declared outside of blocks"),
        (NEW + "qubit q; for int i in [0:0:2] { h q; }", "cannot have the step 0"),
        (NEW + "qubit q; ctrl @ h q;", "takes 0 angles and 1 qubits; it is given 0 and 0"),
        (NEW + "qubit q; ctrl(2) @ h q;", "ctrl needs 2 qubits; the gate has 1 left"),
        (NEW + "qubit q; ctrl(0) @ h q;", "takes a whole number from 1"),
        (NEW + "qubit q; pow @ h q;", "pow needs an exponent"),
        (NEW + "qubit q; pow(1e9) @ h q;", "more than 1000000 gates"),
        (NEW + "qubit q; bit c; if (c == 0.5) h q;", "whole numbers only"),
        (NEW + "qubit q; h q ¬;", r"the character '¬' begins nothing"),
        (NEW + "barrier q", "does not end with ';'"),
        (NEW + "include 3;", "name of a file in quotes"),
        (OLD + "/* never closed", "a statement must stand here|begins nothing"),
    ],
)
def test_a_fault_is_named_where_it_is(source: str, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        openqasm.read(source.encode())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("OPENQASM 4.0;", "OpenQASM 4.0 is not"),
        ('OPENQASM 2.0; include "/etc/passwd";', r"only hqslib1.inc, qelib1.inc, stdgates.inc can be included"),
        (NEW + "bit c; qubit q; for float f in [0:1] { h q; }", "must be int or uint"),
    ],
)
def test_what_is_not_built_is_refused_by_name(source: str, message: str) -> None:
    with pytest.raises(ExecutionError, match=message):
        openqasm.read(source.encode())


DOUBLINGS = "".join(f"gate g{level + 1} a {{ g{level} a; g{level} a; }}\n" for level in range(60))


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (NEW + "qubit q; for int i in [0:1000000000] { }", ProgramTooLarge),
        (NEW + "qubit q; for int i in [0:9999] { for int j in [0:9999] { x q; } }", ProgramTooLarge),
        (OLD + "gate g0 a { }\n" + DOUBLINGS + "qreg q[1]; g60 q[0];", ProgramTooLarge),
        (NEW + "qubit q; " + "pow(1000) @ " * 20 + "x q;", ExecutionError),
        (NEW + "qubit q; " + "inv @ " * 100_000 + "x q;", InvalidProgram),
        (OLD + "qreg q[1]; rx(" + "(" * 100_000 + "1" + ")" * 100_000 + ") q[0];", InvalidProgram),
        (OLD + "qreg q[1]; rx(" + "-" * 100_000 + "1) q[0];", InvalidProgram),
        (OLD + "qreg q[1]; rx(" + "1+" * 100_000 + "1) q[0];", InvalidProgram),
        (NEW + "qubit q; rx(2**2**2**2**2**2) q;", InvalidProgram),
        (NEW + "qubit q; rx(9" + "9" * 100_000 + ") q;", InvalidProgram),
        (NEW + "qubit q; bit c; " + "if (c) { " * 10_000, InvalidProgram),
        (NEW + "qubit[65536] q; qubit[65536] r;", InvalidProgram),
        ("\x00" * 1_000_000, InvalidProgram),
        ('"' * 1_000_000, InvalidProgram),
        ("/*" * 500_000, InvalidProgram),
        (OLD + "x" * 1_000_000, InvalidProgram),
        (OLD + ";" * 100_000, InvalidProgram),
    ],
    ids=lambda given: repr(given)[:40] if isinstance(given, str) else given.__name__,
)
def test_a_program_that_means_harm_is_refused(source: str, error: type[ExecutionError]) -> None:
    with pytest.raises(error):
        openqasm.read(source.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidProgram, match="UTF-8: byte 2 is wrong"):
        openqasm.read(b"ab\xff")


PIECES = [
    "OPENQASM 2.0;",
    "OPENQASM 3.0;",
    'include "qelib1.inc";',
    "qreg q[2];",
    "creg c[2];",
    "bit c;",
    "h q;",
    "if (c==1)",
]
PIECES += [
    "gate g(t) a {",
    "}",
    "{",
    "measure q -> c;",
    "ctrl @",
    "pow(",
    "0.5",
    ")",
    "for int i in [0:3]",
    "while (c)",
    "q[0]",
]
PIECES += ["int i = 1;", "c = i + 1;", "def f(qubit q) -> bit {", "return", "break;", "end;", "switch (c) { case 1 {"]
PIECES += [
    "c = measure q;",
    "let a = q ++ q;",
    "const int n = 2;",
    ",",
    ";",
    "[",
    "]",
    "\n",
    "-",
    "rx(pi) q;",
    "else",
    "reset q;",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", OLD, NEW]))
def test_garbled_programs_are_read_or_refused_and_never_break_the_reader(pieces: list[str], head: str) -> None:
    with contextlib.suppress(InvalidProgram, UnsupportedProgram, ProgramTooLarge):
        assert openqasm.read((head + " ".join(pieces)).encode()).blocks
