// One layer of QAOA for MaxCut on a ring of four nodes, at the layer's best angles.
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] q;
bit[4] c;

h q;

// Cost: exp(-i gamma C) with gamma = pi/4, where C counts the edges that are cut.
for int edge in [0:3] {
  cx q[edge], q[(edge + 1) % 4];
  rz(-pi / 4) q[(edge + 1) % 4];
  cx q[edge], q[(edge + 1) % 4];
}

// Mixer: exp(-i beta X) on each node with beta = pi/8.
rx(pi / 4) q[0];
rx(pi / 4) q[1];
rx(pi / 4) q[2];
rx(pi / 4) q[3];

c = measure q;
