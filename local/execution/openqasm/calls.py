"""Reads gate calls with their modifiers, definitions of gates, names and parameters."""

from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.cursor import Cursor
from local.execution.openqasm.syntax import GateCall, GateDefinition, Modifier, Parameter
from local.execution.openqasm.tokens import Token

MOST_MODIFIERS = 64
MODIFIERS = {"ctrl", "negctrl", "inv", "pow"}
TYPES = {"int", "uint", "float", "angle", "bool"}
ONLY_3 = {"qubit", "bit", "const", "let", "for", "while", "gphase", "def", "return", "switch", "case", "default"}
ONLY_3 |= {"box", "break", "continue", "end", "input", "output", "extern", "array", *MODIFIERS, *TYPES}
# Of the language, but not built here.
MISSING = {"extern", "defcal", "defcalgrammar", "cal", "array", "complex", "duration", "stretch", "nop"}
MISSING |= {"durationof", "readonly", "mutable"}
RESERVED = ONLY_3 | MISSING | {"opaque", "qreg", "creg", "gate", "measure", "reset", "barrier", "if", "else", "include"}


def new_name(cursor: Cursor) -> str:
    """Read the name of something new."""
    token = cursor.name()
    if token.text in RESERVED or token.text.startswith("$"):
        raise token.at.invalid(f"{token.text!r} cannot be the name of something.")
    return token.text


def check_built(token: Token) -> None:
    """Raise UnsupportedProgram for a word that begins a statement which is not built here."""
    if token.kind == "name" and token.text == "input":
        raise UnsupportedProgram(
            f"line {token.at.line}: a job brings no values for 'input'; write them into the program."
        )
    if token.kind == "name" and token.text in MISSING:
        raise UnsupportedProgram(f"line {token.at.line}: {token.text!r} is not built in this local workspace.")


def parameter(cursor: Cursor) -> Parameter:
    """Read a parameter of a subroutine; qreg and creg are the old words for registers."""
    kind = cursor.name()
    if kind.text in {"qreg", "creg"}:
        name = new_name(cursor)
        return Parameter("qubit" if kind.text == "qreg" else "bit", cursor.size(), name)
    if kind.text not in TYPES | {"qubit", "bit"}:
        raise UnsupportedProgram(f"line {kind.at.line}: a parameter of type {kind.text!r} is not built here.")
    return Parameter(kind.text, cursor.size(), new_name(cursor))


def hint(cursor: Cursor, word: Token) -> None:
    """Go past barrier and delay: they do not change the state."""
    while not cursor.take(";"):
        token = cursor.next()
        if token.kind == "end" or token.text in {"{", "}"}:
            raise word.at.invalid(f"{word.text!r} does not end with ';'.")


def definition(cursor: Cursor, word: Token) -> GateDefinition:
    """Read what follows the word `gate`."""
    name = new_name(cursor)
    parameters = cursor.listed(lambda: new_name(cursor), ")") if cursor.take("(") else ()
    qubits = cursor.listed(lambda: new_name(cursor), "{")
    if len({*parameters, *qubits}) < len(parameters) + len(qubits):
        raise word.at.invalid(f"gate {name!r} names two of its parameters or qubits alike.")
    body: list[GateCall] = []
    while not cursor.take("}"):
        if cursor.take("barrier"):
            hint(cursor, word)
        else:
            body.append(gate_call(cursor))
    return GateDefinition(name, parameters, qubits, tuple(body), word.at)


def gate_call(cursor: Cursor) -> GateCall:
    """Read a call up to its semicolon; without operands it may be that of a subroutine."""
    at = cursor.now.at
    modifiers = []
    while cursor.now.text in MODIFIERS and cursor.version == 3:
        modifiers.append(_modifier(cursor))
        if len(modifiers) > MOST_MODIFIERS:
            raise at.invalid(f"a gate has more than {MOST_MODIFIERS} modifiers.")
    name = cursor.name()
    if name.text in RESERVED and name.text != "gphase":
        raise name.at.invalid(f"{name.text!r} is not a gate.")
    parameters = cursor.listed(cursor.parameter, ")") if cursor.take("(") else ()
    operands = cursor.listed(cursor.operand, ";")
    return GateCall(name.text, tuple(modifiers), parameters, operands, at)


def _modifier(cursor: Cursor) -> Modifier:
    word = cursor.next()
    argument = None
    if cursor.take("("):
        argument = cursor.expression()
        cursor.expect(")")
    cursor.expect("@")
    return Modifier(word.text, argument, word.at)
