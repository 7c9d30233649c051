"""OpenQASM's classical side: variables, assignments to bits, subroutines, switches, and ways out of loops."""

import pytest

from local.execution import openqasm
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.program import Gate, RecordResult
from tests.local.execution.test_openqasm import NEW, OLD, close, outcomes

X = "x q[0]; measure q[0] -> a[1]; "
"""Register a is 10 (bit 1 is 1): the number 2."""
OLD_START = 'OPENQASM 2.0;\ninclude "hqslib1.inc";\nqreg q[3]; creg a[2]; creg b[2]; creg c[3]; '
COUNTED = "int n = 0; while (!c) { h q; c = measure q; n += 1; if (n == 2) { break; } } "

PROGRAMS = {
    "version 2: a register is given a number, bit 0 the lowest": (OLD_START + "c = 6;", {"00 00 011": 1.0}),
    "version 2: a number that is too large is cut": (OLD_START + "c = 14; b = 5;", {"00 10 011": 1.0}),
    "version 2: a bit is given a bit": (OLD_START + X + "b[0] = a[1];", {"01 10 000": 1.0}),
    "version 2: a register is given another": (OLD_START + X + "b = a; c = a;", {"01 01 010": 1.0}),
    "version 2: a longer register is cut": (OLD_START + "c = 7; b = c;", {"00 11 111": 1.0}),
    "version 2: and, or, exclusive or, not": (
        OLD_START + X + "b = 3; c = (a & b) | 4; c[0] = a[0] ^ b[0]; b = ~a;",
        {"01 10 111": 1.0},
    ),
    "version 2: sums, differences, products": (
        OLD_START + X + "b = a - 1; c = (a + b) * 2 - 1;",
        {"01 10 101": 1.0},
    ),
    "version 2: a difference below 0 wraps": (OLD_START + "a = 1; c = a - 2;", {"10 00 111": 1.0}),
    "version 2: shifts": (OLD_START + X + "b = a >> 1; c = 1; c = c << 2;", {"01 10 001": 1.0}),
    "version 2: comparisons of registers": (
        OLD_START + X + "b = 1; if (a > b) c[0] = 1; if (a <= 1) c[1] = 1; if (b != a) x q[2]; measure q[2] -> c[2];",
        {"01 10 101": 1.0},
    ),
    "version 2: a condition on one bit, and an assignment under it": (
        OLD_START + "h q[0]; measure q[0] -> a[0]; if (a[0] == 1) b = 2; if (b == 2) x q[1]; measure q[1] -> c[1];",
        {"00 00 000": 0.5, "10 01 010": 0.5},
    ),
    "version 2: a measurement after an assignment, and an assignment after that": (
        OLD_START + "a = 3; measure q[0] -> a[0]; c[0] = a[1]; a[1] = 0;",
        {"00 00 100": 1.0},
    ),
    "version 2: in angles ^ is the power": (OLD_START + "rx(pi*2^0) q[0]; measure q[0] -> c[0];", {"00 00 100": 1.0}),
    "bits with a value from the start": (NEW + 'bit[3] c = "110"; bit d = 1; bit[2] e = 0;', {"011 1 00": 1.0}),
    "a counter that counts measured bits": (
        NEW + "qubit[3] q; bit[3] c; bit[2] n; int k = 0; x q[0]; x q[2]; c = measure q;"
        " for int i in [0:2] { if (c[i]) k += 1; } n = k;",
        {"101 01": 1.0},
    ),
    "a variable that is known chooses qubits": (
        NEW + "qubit[4] q; bit[4] c; uint i = 0; while (i < 4) { x q[i]; i += 3; } c = measure q;",
        {"1001": 1.0},
    ),
    "a while loop goes on where its counter becomes unknown": (
        NEW + "qubit[2] q; bit c; bit d; int i = 0; x q[0]; while (i < 3) { x q[1]; c = measure q[0];"
        " if (c) i = 2; i += 1; } d = measure q[1];",
        {"1 1": 1.0},
    ),
    "an angle that the program computes": (
        NEW + "qubit[2] q; bit c; bit d; float t = 0; x q[0]; c = measure q[0]; if (c) t = pi / 2;"
        " rx(2 * t) q[1]; d = measure q[1];",
        {"1 1": 1.0},
    ),
    "an angle that the program computes, through a gate of the program": (
        NEW + "gate g(t) a { rx(t) a; } qubit[2] q; bit c; bit d; angle t; x q[0]; c = measure q[0];"
        " if (c) { t = pi; } inv @ g(0) q[1]; ctrl @ g(t) q[0], q[1]; d = measure q[1];",
        {"1 1": 1.0},
    ),
    "arithmetic on bits in conditions": (
        NEW + "qubit[2] q; bit[2] c; bit d; x q[1]; c = measure q; if (c * 2 - 1 == 3 && popcount(c) == 1) d = 1;",
        {"01 1": 1.0},
    ),
    "a bool, casts, an unsigned number that wraps and one that does not": (
        NEW + "qubit q; bit c; bit[4] d; uint[2] u = 3; int[3] s = 3; x q; c = measure q; u += c; s += int[3](c);"
        " bool b = u == 0; d[0] = b; d[1] = s < 0; d[2] = bool(s); d[3] = s == -4;",
        {"1 1111": 1.0},
    ),
    "not of bits keeps to their width": (
        NEW + "qubit[2] q; bit[2] c; bit d; x q[0]; c = measure q; if (~c == 2) d = 1;",
        {"10 1": 1.0},
    ),
    "a subroutine with qubits, a number and bits": (
        NEW + "def flip(qubit[2] r, int n, bit b) -> bit { bit m; for int i in [0:n] { x r[i]; } m = measure r[1];"
        " return m ^ b; } qubit[3] q; bit c; bit d; c = flip(q[1:2], 1, false); flip(q[0:1], 0, c);"
        " d = flip(q[0:1], -1, c);",
        {"1 0": 1.0},
    ),
    "a subroutine that returns early, in an expression": (
        NEW + "def turn(qubit q) -> int { bit b = measure q; if (b) { return 3; } x q; return 1; }"
        " qubit[2] q; bit[3] c; bit[2] d; x q[0]; c = turn(q[0]) + turn(q[1]); d = measure q;",
        {"001 11": 1.0},
    ),
    "a subroutine that returns a measurement, and one that calls another": (
        NEW + "const int one = 1; def read(qubit q) -> bit { return measure q; }"
        " def both(qubit[2] q) -> uint[2] { return read(q[0]) + 2 * read(q[one]); }"
        " qubit[2] q; bit[2] c; x q[1]; c = both(q);",
        {"01": 1.0},
    ),
    "a switch with several values, on bits": (
        NEW + "qubit[2] q; bit[2] c; bit[3] d; x q[1]; c = measure q;"
        " switch (c) { case 0, 1 { d[0] = 1; } case 2, 3 { d[1] = 1; c = 0; } default { d[2] = 1; } }",
        {"00 010": 1.0},
    ),
    "a switch without the case takes the default": (
        NEW + "bit[2] d; int i = 7; switch (i) { case 0 { d[0] = 1; } default { d[1] = 1; } }",
        {"01": 1.0},
    ),
    "break leaves a loop over numbers": (
        NEW + "qubit[3] q; bit[3] c; bit[2] n; int k = 0; x q[1]; for int i in [0:2] { c[i] = measure q[i];"
        " if (c[i]) break; k += 1; } n = k;",
        {"010 10": 1.0},
    ),
    "continue goes on with the next number": (
        NEW + "qubit[3] q; bit[3] c; bit[2] n; int k = 0; x q[1]; for int i in [0:2] { c[i] = measure q[i];"
        " if (c[i]) { continue; } k += 1; } n = k;",
        {"010 01": 1.0},
    ),
    "end keeps what was there": (
        NEW + "qubit q; bit c; bit[2] d = 1; h q; c = measure q; if (c) { d = 2; end; } d = 3;",
        {"0 11": 0.5, "1 01": 0.5},
    ),
    "a box, and braces, with variables of their own": (
        NEW + "qubit q; bit c; int n = 1; box [100ns] { delay[5ns] q; x q; { int n = 5; n += 1; } } c = n;",
        {"1": 1.0},
    ),
    "aliases of bits": (
        NEW + "qubit[3] q; bit[3] c; bit[2] d; let part = c[1:2]; x q[1]; c = measure q; d = part;",
        {"010 10": 1.0},
    ),
    "outputs alone are given back": (
        NEW + "qubit q; bit hidden; output bit[2] shown; x q; hidden = measure q; shown[1] = hidden;",
        {"01": 1.0},
    ),
    "qubits of the device": (NEW + "bit[2] c; x $3; cx $3, $1; c[0] = measure $1; c[1] = measure $0;", {"10": 1.0}),
    "an opaque gate that Quantinuum has": (
        "OPENQASM 2.0; opaque U1q(a, b) t; qreg q[1]; creg c[1]; U1q(pi, 0) q[0]; measure q -> c;",
        {"1": 1.0},
    ),
    "a register wider than a machine word, computed": (
        OLD + "qreg q[1]; creg c[70]; creg d[70]; x q[0]; measure q[0] -> c[69]; d = c >> 68; c = c - 1;",
        {"1" * 69 + "0 01" + "0" * 68: 1.0},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_computes_what_it_says(name: str) -> None:
    source, wanted = PROGRAMS[name]
    assert close(outcomes(source), wanted)


def test_a_loop_that_awaits_a_bit_can_be_left_by_count() -> None:
    found = outcomes(NEW + "qubit q; bit c; bit[2] m; " + COUNTED + "m = n;")
    assert close(found, {"1 10": 0.5, "0 01": 0.25, "1 01": 0.25})


def test_bits_that_are_only_measured_stay_results_that_are_sampled_together() -> None:
    program = openqasm.read((NEW + "qubit[2] q; bit[2] c = 0; bit d; d = 1; c = measure q;").encode())
    assert len(program.blocks) == 1
    assert sum(isinstance(step, RecordResult) for step in program.blocks[0].operations) == 2


def test_what_is_known_before_the_program_runs_leaves_no_branch() -> None:
    text = NEW + "qubit q; int i = 2; bool b = i == 2; if (b) { h q; } else { x q; } while (i > 0) { z q; i -= 1; }"
    program = openqasm.read(text.encode())
    assert program.blocks[0].operations == (Gate("h", (0,)), Gate("z", (0,)), Gate("z", (0,)))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (NEW + "input float theta;", UnsupportedProgram, "brings no values for 'input'"),
        (NEW + "output float theta;", UnsupportedProgram, "'output float' is not built"),
        (NEW + "array[int, 3] a;", UnsupportedProgram, "'array' is not built"),
        (NEW + "complex z;", UnsupportedProgram, "'complex' is not built"),
        (NEW + "extern f(int) -> int;", UnsupportedProgram, "'extern' is not built"),
        (NEW + "int[65] i;", InvalidProgram, "size of int is 65"),
        (NEW + "qubit[2] q; bit c; int i; c = measure q[0]; i = c; x q[i];", UnsupportedProgram, "of 'i' is known"),
        (NEW + "qubit q; bit c; float f; c = measure q; f = c; f = sin(f);", UnsupportedProgram, "'sin' of values"),
        (NEW + "qubit q; bit c; int i; c = measure q; i = 2 ** i; i = c; i = i ** 2;", UnsupportedProgram, r"'\*\*'"),
        (NEW + "qubit q; bit c; float f; c = measure q; f = c; U(f, 0, 0) q;", UnsupportedProgram, "'U' needs angles"),
        (NEW + "qubit q; bit c; rx(c) q;", InvalidProgram, "an angle must stand here, not bits"),
        (NEW + "bit[2] c; bit[3] d; c = d;", InvalidProgram, "3 bits cannot be given to 2 bits"),
        (NEW + "const int n = 1; n = 2;", InvalidProgram, "'n' is a constant"),
        (NEW + "int n = 1; int n = 2;", InvalidProgram, "'n' is taken already"),
        (NEW + "int i = 1; i[0] = 1;", InvalidProgram, "'i' is a constant or no register"),
        (NEW + "qubit q; bit c; int i; c = measure q; i = c; c = i[0];", UnsupportedProgram, "taking bits out of 'i'"),
        (NEW + "x = 3;", InvalidProgram, "no register of bits named 'x'"),
        (NEW + "int i = 1 / 0;", InvalidProgram, "cannot be computed"),
        (NEW + "break;", InvalidProgram, "'break' stands in no loop"),
        (NEW + "return 1;", InvalidProgram, "'return' stands in no subroutine"),
        (NEW + "def f(qubit q) { break; } qubit q; while (true) { f(q); }", InvalidProgram, "stands in no loop"),
        (NEW + "def f(qubit q) { f(q); } qubit q; f(q);", InvalidProgram, "'f' calls itself"),
        (NEW + "def f(qubit q) { } qubit q; f(q, q);", InvalidProgram, "'f' takes 1 arguments"),
        (NEW + "def f(qubit q) { } qubit q; bit c; c = f(q);", InvalidProgram, "'f' returns nothing"),
        (NEW + "def f(qubit q) { return 1; } qubit q; f(q);", InvalidProgram, "has a value where the subroutine says"),
        (NEW + "def f(qubit[2] q) { } qubit q; f(q);", InvalidProgram, "1 qubits cannot be given for 'q', which is 2"),
        (NEW + "int n = 1; def f(qubit q) -> int { return n; } qubit q; f(q);", InvalidProgram, "named 'n'"),
        (NEW + "qubit q; if (q == 1) x q;", InvalidProgram, "no register of bits named 'q'"),
        (NEW + "qubit q; h $0;", InvalidProgram, r"\$0 is a qubit of the device"),
        (NEW + "h $0; qubit q;", InvalidProgram, "names qubits of the device"),
        (NEW + "h $99999;", InvalidProgram, r"there is no qubit \$99999"),
        (OLD + "opaque g a; qreg q[1]; g q[0];", UnsupportedProgram, "'g' is opaque"),
        (OLD + "qreg q[1]; int i;", InvalidProgram, "'int' needs OPENQASM 3.0"),
        (NEW + "qubit q; while (true) { h q; }", ProgramTooLarge, "more than 300000 operations"),
        (NEW + "bit[2] c; let d = c; d = 1;", UnsupportedProgram, "by another name, 'd'"),
        (NEW + "qubit q; bit[70] c; bit[7] s; s = measure q;", InvalidProgram, "1 qubits cannot be measured into 7"),
        (NEW + "qubit[7] q; bit[70] c; bit[7] s; s = measure q; c = c << s;", UnsupportedProgram, "a shift of more"),
        (NEW + "switch (1) { case { } }", InvalidProgram, "a case names no value"),
    ],
)  # fmt: skip
def test_a_fault_of_the_classical_side_is_refused_by_name(
    source: str, error: type[ExecutionError], message: str
) -> None:
    with pytest.raises(error, match=message):
        openqasm.read(source.encode())


def test_a_division_by_zero_while_the_program_runs_ends_it_with_a_reason() -> None:
    with pytest.raises(InvalidProgram, match="sdiv"):
        outcomes(NEW + "qubit q; bit c; int i = 0; c = measure q; i = c; i = 1 / i;")
