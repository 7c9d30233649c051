"""What the OpenQASM reader makes of the language's constructs."""

import pytest

from quantum_jobs.programs import Gate, Measure, Profile, Program, Register, profile, read_program, resources
from tests.programs import referee
from tests.programs.test_faults import HEAD, HEAD2, MEASURED, MEASURED2


def read(body: str, **parameters: float) -> Program:
    return read_program("openqasm3", HEAD.replace("[2]", "[4]") + body + MEASURED, parameters)


def gates(body: str, **parameters: float) -> list[tuple[object, ...]]:
    return [(op.name, *op.angles, *op.qubits) for op in read(body, **parameters).operations if isinstance(op, Gate)]


def test_registers_keep_their_names_and_order() -> None:
    source = HEAD + "bit d; bit[3] e;" + MEASURED + "d = measure q[0];"
    program = read_program("openqasm3", source)
    assert program.registers == (Register("c", 2), Register("d", 1), Register("e", 3))
    assert read_program("openqasm2", HEAD2 + "creg d[1];" + MEASURED2).registers == (Register("c", 2), Register("d", 1))


SAME = {
    "for int i in [0:2] { h q[i]; }": "h q[0]; h q[1]; h q[2];",
    "for int i in [3:-2:0] h q[i];": "h q[3]; h q[1];",
    "for uint i in {0, 3} h q[i];": "h q[0]; h q[3];",
    "for int i in [2:1] { h q[i]; } x q[0];": "x q[0];",
    "for int i in [0:3] { if (i % 2 == 1) { x q[i]; } else { z q[i]; } }": "z q[0]; x q[1]; z q[2]; x q[3];",
    "int i = 1; i += 2; h q[i];": "h q[3];",
    "const float a = 2 * pi / 8; rx(a) q[0];": "rx(0.7853981633974483) q[0];",
    "rx(sin(1.0) + cos(0.5) ** 2 - arctan(1.0)) q[0];": "rx(0.8262239743445181) q[0];",
    "rx(τ) q[0]; rx(-π) q[0]; rx(ℇ) q[0];": "rx(6.283185307179586) q[0]; rx(-3.141592653589793) q[0]; rx(euler) q[0];",
    "let a = q[1:2] ++ q[0]; h a; x a[2];": "h q[1]; h q[2]; h q[0]; x q[0];",
    "let a = q; h a[-1];": "h q[3];",
    "h q;": "h q[0]; h q[1]; h q[2]; h q[3];",
    "cx q[0:1], q[2:3];": "cx q[0], q[2]; cx q[1], q[3];",
    "cx q[0], q[1:3];": "cx q[0], q[1]; cx q[0], q[2]; cx q[0], q[3];",
    "x q[{0, 2}]; x q[0:2:3];": "x q[0]; x q[2]; x q[0]; x q[2];",
    "gate g(t) a, b { rz(t/2) a; cx a, b; } g(-3) q[2], q[0];": "rz(-1.5) q[2]; cx q[2], q[0];",
    "gate g(t) a { for int i in [1:3] { rz(t * i) a; } } g(0.5) q[0];": "rz(0.5) q[0]; rz(1.0) q[0]; rz(1.5) q[0];",
    "box { x q[0]; }": "x q[0];",
    "@note something\nx q[0];": "x q[0];",
    "x q[0]; c = measure q; end; foo bar;": "x q[0];",
    "inv @ s q[0]; pow(3) @ x q[1]; pow(-2) @ t q[0];": "sdg q[0]; x q[1]; x q[1]; x q[1]; tdg q[0]; tdg q[0];",
    "pow(2.5) @ rx(0.5) q[0];": "rx(1.25) q[0];",
    "ctrl @ gphase(0.5) q[0]; gphase(1.0);": "p(0.5) q[0];",
    "ctrl @ U(1.0, 0, 0) q[0], q[1];": "p(0.5) q[0]; cu3(1.0, 0, 0) q[0], q[1];",
    "ctrl(2) @ x q[0], q[1], q[2]; ctrl @ ctrl @ x q[0], q[1], q[2];": "ccx q[0], q[1], q[2]; ccx q[0], q[1], q[2];",
    "negctrl @ x q[0], q[1];": "x q[0]; cx q[0], q[1]; x q[0];",
    "reset q; barrier q; x q[0];": "x q[0];",
    "rx(int(2.7)) q[0]; rx(float(3)) q[0];": "rx(2) q[0]; rx(3) q[0];",
    "rx(7 % 4) q[0]; rx(1 << 3) q[0];": "rx(3) q[0]; rx(8) q[0];",
    "rx(sizeof(q)) q[0]; rx(mod(7, 4)) q[0]; rx(ceiling(1.2)) q[0];": "rx(4) q[0]; rx(3) q[0]; rx(2) q[0];",
}


@pytest.mark.parametrize("body", SAME)
def test_a_construct_means_the_plain_gates(body: str) -> None:
    assert gates(body) == gates(SAME[body])


def test_both_ways_to_measure_and_the_declaring_one() -> None:
    source = HEAD + "c[1] = measure q[0]; measure q[1] -> c[0]; bit[2] d = measure q;"
    places = [
        (op.qubit, op.bit.register, op.bit.index)
        for op in read_program("openqasm3", source).operations
        if isinstance(op, Measure)
    ]
    assert places == [(0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 1)]


def test_inputs_take_their_values_from_the_parameters() -> None:
    body = "input float theta; input int[8] n; rx(theta / 2) q[n];"
    assert gates(body, theta=-3.0, n=2) == [("rx", -1.5, 2)]
    assert read(body, theta=-3.0, n=2).parameters == (("theta", -3.0), ("n", 2))


def test_resets_before_first_use_leave_a_program_in_the_base_profile() -> None:
    assert profile(read("reset q; h q[0];")) == Profile.BASE
    assert profile(read("h q[0]; reset q[0];")) == Profile.ADAPTIVE
    assert profile(read("c = measure q; x q[0];")) == Profile.ADAPTIVE


def test_a_bit_written_twice_needs_the_adaptive_profile() -> None:
    """In the base profile a result has one measurement."""
    source = HEAD + "c[0] = measure q[0]; c[0] = measure q[1];"
    assert profile(read_program("openqasm3", source)) == Profile.ADAPTIVE


def test_resources_count_flat_gates_and_layers() -> None:
    counted = resources(read("h q[0]; cx q[0], q[1]; swap q[2], q[3];"))
    assert (counted.qubits, counted.operations, counted.two_qubit_gates) == (4, 9, 4)
    assert (counted.depth, counted.measurements) == (4, 4)


def test_openqasm_2_numbers_are_real() -> None:
    program = read_program("openqasm2", HEAD2 + "rx(1/2) q[0]; rx(2^3) q[0]; rx(ln(2)) q[0];" + MEASURED2)
    angles = [op.angles for op in program.operations if isinstance(op, Gate)]
    assert angles == [(0.5,), (8.0,), (0.6931471805599453,)]


QISKIT_EXPORT = """OPENQASM 2.0;
include "qelib1.inc";
gate ryy(param0) q0,q1 { sxdg q0; sxdg q1; cx q0,q1; rz(param0) q1; cx q0,q1; sx q0; sx q1; }
gate mcphase(param0) q0,q1,q2 { cp(pi/8) q1,q2; cx q1,q0; cp(-pi/8) q0,q2; cx q1,q0; cp(pi/8) q0,q2; }
qreg q[5];
qreg anc[1];
creg c[3];
creg meas[2];
u(pi/2,0,-pi) q[0]; p(0.1) q[1]; sx q; sxdg q[2]; cp(pi/4) q[0],q[1]; crx(-1) q[0],q[1]; cry(-1) q[1],q[2];
crz(-1) q[2],q[3]; cu(1,2,3,4) q[0],q[1]; csx q[0],q[1]; swap q[0],q[4]; cswap q[0],q[1],q[2]; ch q[0],q[1];
rzz(0.3) q[0],q[1]; rxx(0.3) q[2],q[3]; ryy(0.3) q[0],q[1]; c3x q[0],q[1],q[2],q[3]; c4x q[0],q[1],q[2],q[3],q[4];
rccx q[0],q[1],q[2]; rcccx q[0],q[1],q[2],q[3]; c3sqrtx q[0],q[1],q[2],q[3]; u0(1) q[0]; mcphase(pi/4) q[0],q[1],q[2];
barrier q[0],q[1];
if(c==1) x anc[0];
measure q[0] -> c[0]; measure q[1] -> meas[0];
"""


def test_the_gates_that_qiskit_exports_to_openqasm_2_are_known() -> None:
    program = read_program("openqasm2", QISKIT_EXPORT)
    assert (program.qubits, program.registers) == (6, (Register("c", 3), Register("meas", 2)))
    assert profile(program) == Profile.BASE


def test_a_program_may_define_gates_that_the_includes_only_add() -> None:
    """Qiskit writes definitions of ryy and others after qelib1.inc; the program's own then holds."""
    source = HEAD2 + "gate ryy(a) x, y { cz x, y; } ryy(1) q[0], q[1];" + MEASURED2
    operations = read_program("openqasm2", source).operations
    assert operations[0] == Gate("cz", (0, 1))


def test_phases_of_u_count_under_a_control() -> None:
    program = read("h q[0]; ctrl @ U(2.0, 0, 0) q[0], q[1];")
    steps = referee.flat_steps(program.operations)
    expected = referee.unitary([(referee.H, [0]), (referee.controlled(referee.ANGLED["U"](2.0, 0, 0)), [0, 1])], 4)
    assert referee.same_up_to_phase(referee.unitary(steps, 4), expected)
