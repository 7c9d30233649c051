"""Every fault of an OpenQASM program, with line and column in code points of the submitted text."""

import pytest

from quantum_jobs.errors import ProgramInvalid
from quantum_jobs.programs import Limits, read_program

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
HEAD2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
MEASURED, MEASURED2 = "\nc = measure q;\n", "\nmeasure q -> c;\n"
FAULTY: dict[str, tuple[int, str, list[tuple[int, int, str]]]] = {
    "index": (
        3,
        HEAD + "h q[2];\nx q[-3];" + MEASURED,
        [
            (5, 5, "index 2 is out of range; the register has 2 elements, 0..1"),
            (6, 5, "index -3 is out of range; the register has 2 elements, 0..1"),
        ],
    ),
    "dup": (
        3,
        HEAD + "cx q[0], q[0];\ncx q, q;" + MEASURED,
        [
            (5, 1, "the same qubit is used twice"),
            (6, 1, "the same qubit is used twice"),
        ],
    ),
    "unknown": (
        3,
        HEAD + "foo q[0];\nbar(1) q;" + MEASURED,
        [
            (5, 1, "gate 'foo' is not defined"),
            (6, 1, "gate 'bar' is not defined"),
        ],
    ),
    "arity": (
        3,
        HEAD + "cx q[0];\nh q[0], q[1];\nrx q[0];\nrx(1,2) q[0];" + MEASURED,
        [
            (5, 1, "cx acts on 2 qubits, 1 given"),
            (6, 1, "h acts on 1 qubit, 2 given"),
            (7, 1, "rx takes 1 angle, 0 given"),
            (8, 1, "rx takes 1 angle, 2 given"),
        ],
    ),
    "undeclared": (
        3,
        HEAD + "h r;\nrx(theta) q[0];\nc = measure s;" + MEASURED,
        [
            (5, 3, "'r' is not declared"),
            (6, 4, "'theta' is not declared"),
            (7, 13, "'s' is not declared"),
        ],
    ),
    "noinclude": (
        3,
        "OPENQASM 3.0;\nqubit q;\nbit c;\nh q;\nc = measure q;",
        [
            (4, 1, "gate 'h' is not defined; include \"stdgates.inc\" would define it"),
        ],
    ),
    "includes": (
        3,
        (
            "OPENQASM 3.0;\n"
            'include "/etc/passwd";\n'
            'include "../x.inc";\n'
            'include "stdgates.inc";\n'
            "qubit q;\n"
            "bit c;\n"
            "c = measure q;"
        ),
        [
            (2, 1, "'/etc/passwd' cannot be included; qdk.inc, qelib1.inc, stdgates.inc can"),
            (3, 1, "'../x.inc' cannot be included; qdk.inc, qelib1.inc, stdgates.inc can"),
        ],
    ),
    "unsupported": (
        3,
        HEAD
        + (
            "while (true) { x q[0]; }\n"
            "defcal x $0 { }\n"
            "extern f(int) -> int;\n"
            "def g(qubit a) { }\n"
            "delay[10ns] q;\n"
            "switch (1) { case 1 { } }"
        )
        + MEASURED,
        [
            (5, 1, "a while loop is not supported: no target repeats until a measurement says stop"),
            (6, 1, "defcal is not supported: targets take gates, not pulses"),
            (7, 1, "extern is not supported: nothing runs beside the program"),
            (8, 1, "a subroutine (def) is not supported; use a gate or write it out"),
            (9, 1, "delay is not supported: targets choose their own timing"),
            (10, 1, "switch is not supported; use if"),
        ],
    ),
    "multibyte": (
        3,
        HEAD + "/* é😀 */ h r;\nfloat θ = 1.5; rx(θ) zz;  // ü\nlet ü = q; /*😀*/ foo ü;" + MEASURED,
        [
            (5, 12, "'r' is not declared"),
            (6, 22, "'zz' is not declared"),
            (7, 18, "gate 'foo' is not defined"),
        ],
    ),
    "syntax": (
        3,
        HEAD + "h q[0]\ncx q[0] q[1];\nrx(1.0 q[0];" + MEASURED,
        [
            (6, 1, "expected `;`, found identifier"),
            (7, 8, "expected `)`, found identifier"),
        ],
    ),
    "sizes": (
        3,
        "OPENQASM 3.0;\nqubit[0] q;\nqubit[2000] r;\nbit[-1] c;\nbit[100000] d;\n",
        [
            (2, 7, "a register needs a size of at least 1, not 0"),
            (3, 7, "the program has more than 1,024 qubits"),
            (4, 5, "a register needs a size of at least 1, not -1"),
            (5, 5, "the program has more than 4,096 bits"),
        ],
    ),
    "nothing": (
        3,
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nh q;\n',
        [
            (5, 1, "the program measures nothing and would have no result"),
        ],
    ),
    "twice": (
        3,
        HEAD + "qubit q;\nint i = 1;\nint i = 2;\ngate h a { x a; }\ngate g a, a { x a; }" + MEASURED,
        [
            (5, 7, "'q' is declared twice"),
            (7, 5, "'i' is declared twice"),
            (8, 6, "gate 'h' is defined already"),
            (9, 6, "gate 'g' names a parameter or qubit twice"),
        ],
    ),
    "gatebody": (
        3,
        HEAD + "gate g(t) a {\n  rx(u) a;\n  cx a, b;\n  foo a;\n  reset a;\n}\ng(1) q[0];" + MEASURED,
        [
            (6, 6, "'u' is not declared"),
            (7, 9, "'b' is not declared"),
            (8, 3, "gate 'foo' is not defined"),
            (9, 3, "quantum reset is not supported in a gate"),
        ],
    ),
    "numbers": (
        3,
        HEAD
        + (
            "rx(1/0) q[0];\n"
            "rx(1/2) q[0];\n"
            "rx(sqrt(-1)) q[0];\n"
            "rx(2**400.0*2**800.0) q[0];\n"
            "int i = 9223372036854775807 + 9223372036854775807 + 5;\n"
            "uint[4] n = 16;"
        )
        + MEASURED,
        [
            (5, 4, "division by zero"),
            (6, 4, "1/2 divides integers and loses the remainder; write 1.0/2"),
            (7, 4, "sqrt has no value at -1.0"),
            (8, 4, "the value is not finite"),
            (9, 9, "the integer is beyond 64 bits"),
            (10, 1, "16 does not fit uint[4]"),
        ],
    ),
    "measure": (
        3,
        HEAD
        + ("measure q[0];\nc[0] = measure q;\nint k = measure q[0];\nq[0] = measure q[1];\nbit[3] d = measure q;")
        + MEASURED,
        [
            (5, 1, "the outcome of this measurement is not kept; assign it to a bit"),
            (6, 1, "2 qubits are measured into 1 bits"),
            (7, 1, "measure gives bits: declare it as bit or bit[n]"),
            (8, 1, "a measurement needs a bit or bit register to go to"),
            (9, 1, "2 qubits are measured into 3 bits"),
        ],
    ),
    "conditions": (
        3,
        HEAD
        + (
            "c = measure q;\n"
            "if (c < 2) { x q[0]; }\n"
            "if (c == d) { x q[0]; }\n"
            "int i = 0;\n"
            "if (c[0]) { i = 1; }\n"
            'if (c == "000") x q[0];\n'
            "while (c[0]) { }"
        ),
        [
            (6, 5, "measured bits can be compared by == and != only, not by <"),
            (7, 10, "'d' is not declared"),
            (9, 13, "a variable from outside cannot change inside a branch on measured bits"),
            (10, 10, "3 bits are compared with 2"),
            (11, 1, "a while loop is not supported: no target repeats until a measurement says stop"),
        ],
    ),
    "loops": (
        3,
        HEAD
        + (
            "for int i in [0:2000000000] { h q[0]; }\n"
            "for int i in [0:3] { h q[i]; }\n"
            "for int i in q { }\n"
            "for int i in [0:0:4] { }"
        )
        + MEASURED,
        [
            (5, 14, "the loop runs 2,000,000,001 times; at most 100,000 are taken"),
            (6, 26, "index 2 is out of range; the register has 2 elements, 0..1"),
            (7, 14, "a loop runs over a range [a:b] or a set {a, b} here"),
            (8, 14, "a range needs a step other than 0"),
        ],
    ),
    "version": (
        3,
        "OPENQASM 2.0;\nqreg q[1];\n",
        [
            (1, 10, "the program states version 2.0; the format asks for 3"),
        ],
    ),
    "modifiers": (
        3,
        HEAD + "ctrl(0) @ x q[0];\npow(0.5) @ swap q[0], q[1];\nctrl @ x q[0];\npow(1e9) @ h q[0];" + MEASURED,
        [
            (5, 1, "the number of controls must be known and between 1 and 1024"),
            (6, 1, "pow(0.5): a fractional power is defined here for gates on one qubit and their controlled forms"),
            (7, 1, "x acts on 2 qubits, 1 given"),
            (8, 1, "the program becomes more than 100,000 gates"),
        ],
    ),
    "input": (
        3,
        ("OPENQASM 3.0;\ninput float a;\ninput int n;\ninput qubit z;\nqubit q;\nbit c;\nc = measure q;"),
        [
            (2, 1, "the input 'a' has no value: give it in the parameters"),
            (3, 1, "the input 'n' has no value: give it in the parameters"),
            (4, 7, "expected scalar or array type, found keyword `qubit`"),
        ],
    ),
    "openqasm2-opaque": (
        2,
        HEAD2 + "opaque magic a, b;\nh q[2];\nfoo q[0];" + MEASURED2,
        [
            (5, 1, "an opaque gate has no definition that could be run"),
            (6, 5, "index 2 is out of range; the register has 2 elements, 0..1"),
            (7, 1, "gate 'foo' is not defined"),
        ],
    ),
    "openqasm2-sizes": (
        2,
        'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[0];\ncreg c[2];\nh r;\nmeasure q -> c;',
        [
            (3, 8, "a register needs a size of at least 1, not 0"),
            (5, 3, "'r' is not declared"),
        ],
    ),
    "openqasm2-version": (
        2,
        "qreg q[1];\ncreg c[1];\nmeasure q -> c;",
        [
            (1, 1, "an OpenQASM 2 program starts with OPENQASM 2.0;"),
        ],
    ),
    "openqasm2-power": (
        2,
        HEAD2 + "rx(2*3^2) q[0];\nrx(-2^2) q[0];\nu2(1) q[0];\nu3(1,2,3) q[0],q[1];" + MEASURED2,
        [
            (5, 4, "write parentheses around both operands of ^"),
            (6, 4, "write parentheses around both operands of ^"),
            (7, 1, "u2 takes 2 angles, 1 given"),
            (8, 1, "u3 acts on 1 qubit, 2 given"),
        ],
    ),
    "openqasm2-gate": (
        2,
        HEAD2
        + ("gate g(a) x, y { cx x, z; rx(b) x; }\ncx q[0], q[0];\ng(1) q[0], q[1];\nif (c == 1) foo q[0];")
        + MEASURED2,
        [
            (5, 24, "'z' is not declared"),
            (5, 30, "'b' is not declared"),
            (6, 1, "the same qubit is used twice"),
            (8, 13, "gate 'foo' is not defined"),
        ],
    ),
    "gate-scope": (
        3,
        HEAD
        + ("gate g a { x q[0]; }\ngate f a { f a; }\nfor int i in [0:1] { bit b; }\nif (true) { qubit r; }")
        + MEASURED,
        [
            (5, 14, "'q' is not declared"),
            (6, 12, "gate 'f' is not defined"),
            (7, 22, "bits can be declared at the top level only: they are the program's results"),
            (8, 13, "qubit declaration is possible at the top level only"),
        ],
    ),
    "assign": (
        3,
        HEAD
        + (
            "const int n = 1;\n"
            "n = 2;\n"
            "c = 1;\n"
            "x = 3;\n"
            'bit[2] d = "01";\n'
            "box[10ns] { x q[0]; }\n"
            "pragma p\n"
            "return;\n"
            "break;"
        )
        + MEASURED,
        [
            (6, 1, "n is constant"),
            (7, 1, "only variables and, by measurement, bits can be assigned to"),
            (8, 1, "'x' is not declared"),
            (9, 12, "bits start as 0; another value cannot be given to them"),
            (10, 5, "a box with a duration is not supported: targets choose their own timing"),
            (11, 1, "a pragma is not supported: it could change the meaning of the program"),
            (12, 1, "return has no meaning outside a subroutine"),
            (13, 1, "break is not supported"),
        ],
    ),
}


def faults_of(version: int, source: str) -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program(f"openqasm{version}", source)
    return [(fault.line, fault.column, fault.detail) for fault in raised.value.faults]


@pytest.mark.parametrize("name", FAULTY)
def test_all_faults_are_named_with_their_places(name: str) -> None:
    version, source, expected = FAULTY[name]
    assert faults_of(version, source) == expected


def test_a_fault_ends_where_its_text_ends() -> None:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("openqasm3", HEAD + "/* 😀 */ h nowhere;" + MEASURED)
    fault = raised.value.faults[0]
    assert (fault.line, fault.column, fault.end_line, fault.end_column) == (5, 11, 5, 18)
    assert fault.pointer == "/program/source"


def test_a_fault_in_a_loop_is_named_once() -> None:
    assert faults_of(3, HEAD + "for int i in [0:9] { h r; }" + MEASURED) == [(5, 24, "'r' is not declared")]


def test_what_uses_a_faulty_declaration_is_not_reported_again() -> None:
    source = HEAD + "int i = j;\nrx(i) q[i];\ngate g a { foo a; }\ng q[0];" + MEASURED
    assert faults_of(3, source) == [(5, 9, "'j' is not declared"), (7, 12, "gate 'foo' is not defined")]


def test_faults_are_listed_up_to_the_limit() -> None:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("openqasm3", HEAD + "foo q;\n" * 500 + MEASURED, limits=Limits(faults=30))
    assert len(raised.value.faults) == 30


def test_parameters_that_nothing_asks_for_are_faults_at_their_own_pointer() -> None:
    source = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float a;\ninput int n;\nqubit q;\nbit c = measure q;\n'
    with pytest.raises(ProgramInvalid) as raised:
        read_program("openqasm3", source, {"a": 0.5, "n": 1.5, "b/c": 1.0})
    assert [(fault.line, fault.pointer) for fault in raised.value.faults] == [
        (4, "/program/source"),
        (None, "/program/parameters/b~1c"),
    ]


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(ProgramInvalid, match="1 fault"):
        read_program("openqasm3", b"OPENQASM 3.0; // \xff")
