// The quantum Fourier transform of a wave with three periods in eight points, and back to the number three.
OPENQASM 3.0;
include "stdgates.inc";

qubit[3] q;
bit[3] c;

// The wave: the phase of point k is 2 pi 3 k / 8; q[0] has weight 1.
h q;
p(2 * pi * 3 / 8) q[0];
p(2 * pi * 6 / 8) q[1];
p(2 * pi * 12 / 8) q[2];

// The inverse transform; it reads the wave's number.
swap q[0], q[2];
h q[0];
cp(-pi / 2) q[1], q[0];
h q[1];
cp(-pi / 4) q[2], q[0];
cp(-pi / 2) q[2], q[1];
h q[2];

c = measure q;
