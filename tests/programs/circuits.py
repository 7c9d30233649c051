"""Random circuits for property tests: a description, its OpenQASM text, and its unitary from the referee alone."""

from dataclasses import dataclass
from math import pi

from hypothesis import strategies as st

from tests.programs import referee
from tests.programs.referee import Matrix

ARITY = {name: matrix.shape[0].bit_length() - 1 for name, matrix in referee.FIXED.items()}
ANGLES = dict.fromkeys(referee.ANGLED, 1) | {"r": 2, "U": 3, "u": 3, "u2": 2, "u3": 3, "cu3": 3, "cu": 4}
ARITY |= {name: referee.named(name, (1.0,) * count).shape[0].bit_length() - 1 for name, count in ANGLES.items()}
IN_OPENQASM2 = sorted(ARITY.keys() - {"gphase", "phase", "CX", "U"})
# Fractional powers are defined for these: gates on one qubit, and controlled ones.
FRACTIONAL = frozenset({"x", "y", "z", "h", "s", "sx", "t", "rx", "ry", "rz", "p", "u", "U", "cx", "cz", "crz", "cp"})
angles = st.one_of(
    st.floats(-20, 20, allow_subnormal=False),
    st.sampled_from([0.0, pi, -pi, pi / 2, -pi / 2, 2 * pi, -2 * pi, 4 * pi, 3 * pi, -1.2, 1e-9]),
)


@dataclass(frozen=True)
class Call:
    """One gate call; modifiers from left to right as written."""

    name: str
    angles: tuple[float, ...]
    qubits: tuple[int, ...]
    modifiers: tuple[tuple[str, float], ...] = ()

    @property
    def text(self) -> str:
        words = "".join(f"{kind}({value!r}) @ " if kind == "pow" else f"{kind} @ " for kind, value in self.modifiers)
        given = f"({', '.join(map(repr, self.angles))})" if self.angles else ""
        return f"{words}{self.name}{given} {', '.join(f'q[{qubit}]' for qubit in self.qubits)};"

    @property
    def matrix(self) -> Matrix:
        matrix = referee.named(self.name, self.angles)
        for kind, value in reversed(self.modifiers):
            match kind:
                case "inv":
                    matrix = matrix.conj().T
                case "pow":
                    matrix = referee.power(matrix, value)
                case _:
                    matrix = referee.controlled(matrix, on=int(kind == "ctrl"))
        return matrix


@st.composite
def calls(draw: st.DrawFn, qubits: int, with_modifiers: bool, names: list[str]) -> Call:
    name = draw(st.sampled_from([item for item in names if ARITY[item] <= qubits]))
    count = ARITY[name]
    modifiers: list[tuple[str, float]] = []
    for _ in range(draw(st.integers(0, 2)) if with_modifiers else 0):
        kinds = ["inv", "pow", *(["ctrl", "negctrl"] if count < qubits else [])]
        kind = draw(st.sampled_from(kinds))
        count += kind in {"ctrl", "negctrl"}
        fractional = kind == "pow" and name in FRACTIONAL and not modifiers and draw(st.booleans())
        modifiers.insert(0, (kind, draw(st.floats(-2, 2)) if fractional else draw(st.integers(-2, 2))))
    if count == 0:
        modifiers.insert(0, ("ctrl", 0))
        count = 1
    given = tuple(draw(angles) for _ in range(ANGLES.get(name, 0)))
    places = draw(st.permutations(range(qubits)))[:count]
    return Call(name, given, tuple(places), tuple(modifiers))


@st.composite
def circuits(draw: st.DrawFn, version: int = 3) -> tuple[int, list[Call]]:
    qubits = draw(st.integers(1, 5))
    names = sorted(ARITY) if version == 3 else IN_OPENQASM2
    return qubits, draw(st.lists(calls(qubits, version == 3, names), min_size=1, max_size=5))


def text(qubits: int, body: str, version: int = 3) -> str:
    if version == 2:
        head = f'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[{qubits}];\ncreg c[{qubits}];\n'
        return f"{head}{body}\nmeasure q -> c;\n"
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q;\nbit[{qubits}] c;\n'
    return f"{head}{body}\nc = measure q;\n"
