// A hardware-efficient ansatz for H2 in two qubits at its best angle: near the ground state, measured in Z.
OPENQASM 3.0;
include "stdgates.inc";

qubit[2] q;
bit[2] c;

x q[0];
ry(-0.2235) q[1];
cx q[1], q[0];

c = measure q;
