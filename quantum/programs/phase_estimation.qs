/// Iterative phase estimation of a T gate's power, one bit at a time on a single ancilla: needs an adaptive target.
namespace Programs {
    import Std.Math.PI;

    /// # Output
    /// Three bits of the phase, least significant first. The phase is 5/8 and has three bits, so 101 always comes.
    operation PhaseEstimation() : Result[] {
        use ancilla = Qubit();
        use eigenstate = Qubit();
        X(eigenstate);

        // Bit k of the phase is seen after 2^k turns; what is known of the lower bits is turned back first.
        H(ancilla);
        ControlledTurns(4, ancilla, eigenstate);
        H(ancilla);
        let low = MResetZ(ancilla);

        H(ancilla);
        ControlledTurns(2, ancilla, eigenstate);
        if low == One {
            Adjoint S(ancilla);
        }
        H(ancilla);
        let middle = MResetZ(ancilla);

        H(ancilla);
        ControlledTurns(1, ancilla, eigenstate);
        if low == One {
            Adjoint T(ancilla);
        }
        if middle == One {
            Adjoint S(ancilla);
        }
        H(ancilla);
        let high = MResetZ(ancilla);

        Reset(eigenstate);
        return [low, middle, high];
    }

    /// # Summary
    /// Turns by 5/8 of a full turn, so many times, where the control is set.
    operation ControlledTurns(times : Int, control : Qubit, target : Qubit) : Unit {
        for _ in 1..times {
            Controlled R1([control], (2.0 * PI() * 5.0 / 8.0, target));
        }
    }
}
