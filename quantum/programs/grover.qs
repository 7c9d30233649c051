/// Grover's search among eight items for one that is marked, with the two rounds that are best for eight.
namespace Programs {
    import Std.Arrays.Most;
    import Std.Arrays.Tail;

    /// # Output
    /// Three bits, the first with weight 1. The marked number 5 comes with probability sin^2(5 asin(1/sqrt 8)) = 121/128.
    operation Grover() : Result[] {
        use qubits = Qubit[3];
        ApplyToEach(H, qubits);
        for _ in 1..2 {
            MarkFive(qubits);
            ReflectAboutUniform(qubits);
        }
        return MResetEachZ(qubits);
    }

    /// # Summary
    /// Turns the sign of 101: bits 0 and 2 set, bit 1 not.
    operation MarkFive(qubits : Qubit[]) : Unit {
        within {
            X(qubits[1]);
        } apply {
            Controlled Z(Most(qubits), Tail(qubits));
        }
    }

    operation ReflectAboutUniform(qubits : Qubit[]) : Unit {
        within {
            ApplyToEachA(H, qubits);
            ApplyToEachA(X, qubits);
        } apply {
            Controlled Z(Most(qubits), Tail(qubits));
        }
    }
}
