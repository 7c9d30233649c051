"""Which statements are possible where, and why others are not."""

from typing import Any

from quantum_jobs.programs.openqasm.expressions import words
from quantum_jobs.programs.openqasm.text import Span
from quantum_jobs.programs.openqasm.values import Refused

_IN_GATES = frozenset({"QuantumGate", "QuantumPhase", "QuantumBarrier", "ForInLoop", "CompoundStatement"})
_AT_TOP = frozenset({"QubitDeclaration", "QuantumGateDefinition", "Include", "IODeclaration", "EndStatement"})
_UNSUPPORTED = {
    "WhileLoop": "a while loop is not supported: no target repeats until a measurement says stop",
    "SubroutineDefinition": "a subroutine (def) is not supported; use a gate or write it out",
    "ExternDeclaration": "extern is not supported: nothing runs beside the program",
    "CalibrationDefinition": "defcal is not supported: targets take gates, not pulses",
    "CalibrationStatement": "cal is not supported: targets take gates, not pulses",
    "CalibrationGrammarDeclaration": "defcalgrammar is not supported: targets take gates, not pulses",
    "DelayInstruction": "delay is not supported: targets choose their own timing",
    "SwitchStatement": "switch is not supported; use if",
    "BreakStatement": "break is not supported",
    "ContinueStatement": "continue is not supported",
    "ReturnStatement": "return has no meaning outside a subroutine",
    "Pragma": "a pragma is not supported: it could change the meaning of the program",
    "ExpressionStatement": "an expression alone does nothing here",
}


def check_possible(node: Any, *, in_gate: bool, at_top: bool) -> None:
    """Refuse a statement that no target can carry out, or that stands in the wrong place.

    Raises:
        Refused: with the reason.
    """
    kind = type(node).__name__
    if kind in _UNSUPPORTED:
        raise Refused(_head(node), _UNSUPPORTED[kind])
    if in_gate and kind not in _IN_GATES and kind != "ErrorStatement":
        raise Refused(_head(node), f"{words(node)} is not supported in a gate")
    if kind in _AT_TOP and not at_top:
        raise Refused(_head(node), f"{words(node)} is possible at the top level only")


def _head(node: Any) -> Span:
    """Give the first line's part of a statement: enough to find it, short enough to show."""
    return Span(node.span.lo, node.span.lo if node.span.hi - node.span.lo > 80 else node.span.hi)
