/// Two qubits that always agree: the smallest program that shows entanglement.
namespace Programs {
    /// # Output
    /// Both bits: 00 or 11, each half of the time.
    operation Bell() : Result[] {
        use qubits = Qubit[2];
        H(qubits[0]);
        CNOT(qubits[0], qubits[1]);
        return MResetEachZ(qubits);
    }
}
