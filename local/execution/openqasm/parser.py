"""Reads the statements of OpenQASM 2 and 3."""

from collections.abc import Callable, Sequence

from local.execution.errors import UnsupportedProgram
from local.execution.openqasm.cursor import Cursor
from local.execution.openqasm.syntax import (
    Alias,
    Constant,
    Declaration,
    Expression,
    For,
    GateCall,
    GateDefinition,
    If,
    Include,
    Measurement,
    Modifier,
    Operand,
    Range,
    ResetOf,
    Set,
    Source,
    Statement,
    While,
)
from local.execution.openqasm.tokens import Place, Token

MOST_MODIFIERS = 64
_VERSIONS = {"2": 2, "2.0": 2, "3": 3, "3.0": 3, "3.1": 3}
_MODIFIERS = {"ctrl", "negctrl", "inv", "pow"}
_ONLY_3 = {"qubit", "bit", "const", "let", "for", "while", "gphase", *_MODIFIERS}
# Of the language, but not built here.
_MISSING = {"opaque", "def", "extern", "input", "output", "defcal", "defcalgrammar", "cal", "box", "switch", "array"}
_MISSING |= {"int", "uint", "float", "angle", "bool", "complex", "duration", "stretch", "return", "break", "continue"}
_MISSING |= {"end", "nop"}
_RESERVED = _ONLY_3 | _MISSING | {"qreg", "creg", "gate", "measure", "reset", "barrier", "if", "else", "include"}
_TYPES = {"int", "uint", "float", "angle", "bool"}


class Parser:
    """Reads one program."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._cursor = Cursor(tokens)
        self._statements: dict[str, Callable[[Token], Statement | None]] = {
            "include": self._include,
            "qreg": self._old_register,
            "creg": self._old_register,
            "qubit": self._register,
            "bit": self._register,
            "const": self._constant,
            "let": self._alias,
            "gate": self._definition,
            "measure": self._measurement,
            "reset": self._reset,
            "barrier": self._hint,
            "delay": self._hint,
            "if": self._if,
            "while": self._while,
            "for": self._for,
        }

    def program(self) -> Source:
        """Read up to the end; raises InvalidProgram at the first fault, UnsupportedProgram naming a construct."""
        self._version()
        statements: list[Statement] = []
        while self._cursor.now.kind != "end":
            statements.extend(self._statement())
        return Source(self._cursor.version, tuple(statements))

    def _version(self) -> None:
        head = self._cursor.now
        if not self._cursor.take("OPENQASM"):
            raise head.at.invalid(f"a program begins with OPENQASM 2.0; or OPENQASM 3.0;, not with {head.text[:40]!r}.")
        number = self._cursor.next()
        if number.text not in _VERSIONS:
            raise UnsupportedProgram(f"line {number.at.line}: OpenQASM {number.text[:20]} is not 2.0, 3.0 or 3.1.")
        self._cursor.version = _VERSIONS[number.text]
        self._cursor.expect(";")

    def _statement(self) -> list[Statement]:
        token = self._cursor.now
        if token.text in {"#", "@", "pragma"}:
            return self._skipped_line(token.at)
        if self._cursor.version == 2 and token.text in _ONLY_3:
            raise token.at.invalid(f"{token.text!r} needs OPENQASM 3.0;.")
        if token.kind == "name" and token.text in self._statements:
            found = self._statements[token.text](self._cursor.next())
            return [] if found is None else [found]
        if token.kind == "name" and token.text in _MISSING:
            raise UnsupportedProgram(f"line {token.at.line}: {token.text!r} is not built in this local workspace.")
        return [self._call_or_assignment()]

    def _skipped_line(self, at: Place) -> list[Statement]:
        """Go past a pragma or an annotation, which lasts to the end of its line."""
        while self._cursor.now.kind != "end" and self._cursor.now.at.line == at.line:
            self._cursor.next()
        return []

    def _include(self, word: Token) -> Include:
        name = self._cursor.next()
        if name.kind != "text":
            raise name.at.invalid("the name of a file in quotes must stand here.")
        self._cursor.expect(";")
        return Include(name.text[1:-1], word.at)

    def _old_register(self, word: Token) -> Declaration:
        name = self._new_name()
        size = self._size()
        self._cursor.expect(";")
        return Declaration("qubit" if word.text == "qreg" else "bit", name, size, word.at)

    def _register(self, word: Token) -> Declaration:
        size = self._size()
        name = self._new_name()
        if self._cursor.now.text == "=":
            raise UnsupportedProgram(
                f"line {word.at.line}: a value given where {name!r} is declared is not built in this local workspace."
            )
        self._cursor.expect(";")
        return Declaration(word.text, name, size, word.at)

    def _size(self) -> Expression | None:
        if not self._cursor.take("["):
            return None
        size = self._cursor.expression()
        self._cursor.expect("]")
        return size

    def _new_name(self) -> str:
        token = self._cursor.name()
        if token.text in _RESERVED or token.text.startswith("$"):
            raise token.at.invalid(f"{token.text!r} cannot be the name of something.")
        return token.text

    def _constant(self, word: Token) -> Constant:
        kind = self._cursor.name()
        if kind.text not in _TYPES:
            raise kind.at.invalid(f"a constant is int, uint, float, angle or bool, not {kind.text!r}.")
        self._size()
        name = self._new_name()
        self._cursor.expect("=")
        value = self._cursor.expression()
        self._cursor.expect(";")
        return Constant(kind.text, name, value, word.at)

    def _alias(self, word: Token) -> Alias:
        name = self._new_name()
        self._cursor.expect("=")
        parts = [self._cursor.operand()]
        while self._cursor.take("++"):
            parts.append(self._cursor.operand())
        self._cursor.expect(";")
        return Alias(name, tuple(parts), word.at)

    def _definition(self, word: Token) -> GateDefinition:
        name = self._new_name()
        parameters = self._cursor.listed(self._new_name, ")") if self._cursor.take("(") else ()
        qubits = self._cursor.listed(self._new_name, "{")
        if len({*parameters, *qubits}) < len(parameters) + len(qubits):
            raise word.at.invalid(f"gate {name!r} names two of its parameters or qubits alike.")
        body: list[GateCall] = []
        while not self._cursor.take("}"):
            if self._cursor.take("barrier"):
                self._hint(word)
            else:
                body.append(self._gate_call())
        return GateDefinition(name, parameters, qubits, tuple(body), word.at)

    def _gate_call(self) -> GateCall:
        at = self._cursor.now.at
        modifiers = []
        while self._cursor.now.text in _MODIFIERS and self._cursor.version == 3:
            modifiers.append(self._modifier())
            if len(modifiers) > MOST_MODIFIERS:
                raise at.invalid(f"a gate has more than {MOST_MODIFIERS} modifiers.")
        name = self._cursor.name()
        if name.text in _RESERVED and name.text != "gphase":
            raise name.at.invalid(f"{name.text!r} is not a gate.")
        parameters = self._cursor.listed(self._cursor.expression, ")") if self._cursor.take("(") else ()
        operands = self._cursor.listed(self._cursor.operand, ";")
        return GateCall(name.text, tuple(modifiers), parameters, operands, at)

    def _modifier(self) -> Modifier:
        word = self._cursor.next()
        argument = None
        if self._cursor.take("("):
            argument = self._cursor.expression()
            self._cursor.expect(")")
        self._cursor.expect("@")
        return Modifier(word.text, argument, word.at)

    def _measurement(self, word: Token) -> Measurement:
        source = self._cursor.operand()
        target = self._cursor.operand() if self._cursor.take("->") else None
        self._cursor.expect(";")
        return Measurement(source, target, word.at)

    def _reset(self, word: Token) -> ResetOf:
        target = self._cursor.operand()
        self._cursor.expect(";")
        return ResetOf(target)

    def _hint(self, word: Token) -> None:
        """Go past barrier and delay: they do not change the state."""
        while not self._cursor.take(";"):
            token = self._cursor.next()
            if token.kind == "end" or token.text in {"{", "}"}:
                raise word.at.invalid(f"{word.text!r} does not end with ';'.")

    def _if(self, word: Token) -> If:
        condition = self._condition()
        then = self._block()
        otherwise = self._block() if self._cursor.version == 3 and self._cursor.take("else") else ()
        return If(condition, then, otherwise)

    def _while(self, word: Token) -> While:
        return While(self._condition(), self._block())

    def _condition(self) -> Expression:
        self._cursor.expect("(")
        condition = self._cursor.expression()
        self._cursor.expect(")")
        return condition

    def _block(self) -> tuple[Statement, ...]:
        if self._cursor.version == 2 or not self._cursor.take("{"):
            return tuple(self._statement())
        statements: list[Statement] = []
        while not self._cursor.take("}"):
            if self._cursor.now.kind == "end":
                raise self._cursor.now.at.invalid("a block is not closed by '}'.")
            statements.extend(self._statement())
        return tuple(statements)

    def _for(self, word: Token) -> For:
        kind = self._cursor.take("int", "uint")
        if kind is None:
            raise UnsupportedProgram(f"line {word.at.line}: a loop variable must be int or uint here.")
        self._size()
        name = self._new_name()
        self._cursor.expect("in")
        return For(name, self._values(word), self._block(), word.at)

    def _values(self, word: Token) -> Range | Set:
        if self._cursor.take("{"):
            return Set(self._cursor.listed(self._cursor.expression, "}"))
        self._cursor.expect("[")
        values = self._cursor.range_or_expression()
        self._cursor.expect("]")
        if not isinstance(values, Range) or values.start is None or values.stop is None:
            raise word.at.invalid("a loop goes over [start:stop], [start:step:stop] or {a, b, ...}.")
        return values

    def _call_or_assignment(self) -> Statement:
        start = self._cursor.now
        if start.kind != "name":
            raise start.at.invalid(f"a statement must stand here, not {start.text[:40]!r}.")
        return self._assignment() or self._gate_call()

    def _assignment(self) -> Measurement | None:
        """Read `target = measure source;`, nothing if no assignment stands here."""
        token = self._cursor.now
        if token.text in _MODIFIERS or self._cursor.after not in {"=", "["}:
            return None
        target: Operand = self._cursor.operand()
        self._cursor.expect("=")
        if not self._cursor.take("measure"):
            raise UnsupportedProgram(
                f"line {token.at.line}: {target.name!r} can only be given a measurement in this local workspace."
            )
        source = self._cursor.operand()
        self._cursor.expect(";")
        return Measurement(source, target, token.at)
