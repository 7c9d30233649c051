"""Reads the statements of OpenQASM 2 and 3."""

from collections.abc import Callable, Sequence

from local.execution.errors import UnsupportedProgram
from local.execution.openqasm import declarations
from local.execution.openqasm.calls import (
    MODIFIERS,
    ONLY_3,
    TYPES,
    check_built,
    definition,
    gate_call,
    hint,
    new_name,
    parameter,
)
from local.execution.openqasm.cursor import Cursor
from local.execution.openqasm.syntax import (
    Assignment,
    Binary,
    Declaration,
    Expression,
    For,
    If,
    Leave,
    Measured,
    Measurement,
    Name,
    Number,
    Operand,
    Parameter,
    Range,
    ResetOf,
    Return,
    Scope,
    Set,
    Source,
    Statement,
    Subroutine,
    Variable,
    While,
)
from local.execution.openqasm.tokens import Place, Token

_VERSIONS = {"2": 2, "2.0": 2, "3": 3, "3.0": 3, "3.1": 3}
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "**="}


class Parser:
    """Reads one program."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._cursor = Cursor(tokens)
        self._statements: dict[str, Callable[[Token], list[Statement]]] = {
            "include": lambda word: declarations.include(self._cursor, word),
            "qreg": self._old_register,
            "creg": self._old_register,
            "qubit": self._register,
            "bit": self._register,
            "output": self._output,
            "const": lambda word: declarations.constant(self._cursor, word),
            **dict.fromkeys(TYPES, lambda word: declarations.variable(self._cursor, word)),
            "let": lambda word: declarations.alias(self._cursor, word),
            "gate": lambda word: [definition(self._cursor, word)],
            "opaque": lambda word: declarations.opaque(self._cursor, word),
            "def": self._subroutine,
            "return": self._return,
            "measure": self._measurement,
            "reset": self._reset,
            "barrier": self._hint,
            "delay": self._hint,
            "box": self._box,
            "{": self._scope,
            "if": self._if,
            "switch": self._switch,
            "while": self._while,
            "for": self._for,
            **dict.fromkeys(("break", "continue", "end"), self._leave),
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
        if self._cursor.version == 2 and token.text in ONLY_3 | {"{"}:
            raise token.at.invalid(f"{token.text!r} needs OPENQASM 3.0;.")
        check_built(token)
        is_cast = token.text in TYPES | {"bit"} and self._cursor.after == "("
        if token.kind in {"name", "sign"} and token.text in self._statements and not is_cast:
            return self._statements[token.text](self._cursor.next())
        return [self._call_or_assignment()]

    def _skipped_line(self, at: Place) -> list[Statement]:
        """Go past a pragma or an annotation, which lasts to the end of its line."""
        while self._cursor.now.kind != "end" and self._cursor.now.at.line == at.line:
            self._cursor.next()
        return []

    def _old_register(self, word: Token) -> list[Statement]:
        name = new_name(self._cursor)
        size = self._cursor.size()
        self._cursor.expect(";")
        return [Declaration("qubit" if word.text == "qreg" else "bit", name, size, word.at)]

    def _register(self, word: Token, *, is_output: bool = False) -> list[Statement]:
        size = self._cursor.size()
        name = new_name(self._cursor)
        declared: list[Statement] = [Declaration(word.text, name, size, word.at, is_output)]
        if word.text == "bit" and (sign := self._cursor.take("=")):
            declared += self._given(Operand(name, (), word.at), sign)
        else:
            self._cursor.expect(";")
        return declared

    def _given(self, target: Operand, sign: Token) -> list[Statement]:
        """Read what a target is given; bits are zeros anyway when they are declared."""
        value = self._cursor.value()
        self._cursor.expect(";")
        if isinstance(value, Measured):
            return [Measurement(value.source, target, sign.at)]
        is_zero = isinstance(value, Number) and value.value == 0
        return [] if is_zero else [Assignment(target, "", value, sign.at)]

    def _output(self, word: Token) -> list[Statement]:
        kind = self._cursor.name()
        if kind.text != "bit":
            raise UnsupportedProgram(f"line {word.at.line}: 'output {kind.text}' is not built here: results are bits.")
        return self._register(kind, is_output=True)

    def _subroutine(self, word: Token) -> list[Statement]:
        name = new_name(self._cursor)
        self._cursor.expect("(")
        parameters = self._cursor.listed(lambda: parameter(self._cursor), ")")
        result = None
        if self._cursor.take("->"):
            result = Parameter(self._cursor.name().text, self._cursor.size(), "")
        self._cursor.expect("{")
        return [Subroutine(name, parameters, result, self._statements_to_brace(), word.at)]

    def _return(self, word: Token) -> list[Statement]:
        value = None if self._cursor.now.text == ";" else self._cursor.value()
        self._cursor.expect(";")
        return [Return(value, word.at)]

    def _measurement(self, word: Token) -> list[Statement]:
        source = self._cursor.operand()
        target = self._cursor.operand() if self._cursor.take("->") else None
        self._cursor.expect(";")
        return [Measurement(source, target, word.at)]

    def _reset(self, word: Token) -> list[Statement]:
        target = self._cursor.operand()
        self._cursor.expect(";")
        return [ResetOf(target)]

    def _hint(self, word: Token) -> list[Statement]:
        hint(self._cursor, word)
        return []

    def _leave(self, word: Token) -> list[Statement]:
        self._cursor.expect(";")
        return [Leave(word.text, word.at)]

    def _box(self, word: Token) -> list[Statement]:
        """Read a box; how long it lasts changes nothing."""
        while self._cursor.now.text != "{":
            if self._cursor.next().kind == "end":
                raise word.at.invalid("a box has no '{'.")
        return self._scope(self._cursor.next())

    def _scope(self, word: Token) -> list[Statement]:
        return [Scope(self._statements_to_brace())]

    def _if(self, word: Token) -> list[Statement]:
        condition = self._condition()
        then = self._block()
        otherwise = self._block() if self._cursor.version == 3 and self._cursor.take("else") else ()
        return [If(condition, then, otherwise)]

    def _switch(self, word: Token) -> list[Statement]:
        """Read a switch as a chain of conditions; a case does not fall through."""
        # The name is a word of the language, so that no program has it.
        value = Variable("int", None, word.text, self._condition(), is_constant=False, at=word.at)
        chosen = Name(word.text, word.at)
        self._cursor.expect("{")
        cases: list[tuple[Expression, tuple[Statement, ...]]] = []
        while case := self._cursor.take("case"):
            values = self._cursor.listed(self._cursor.expression, "{")
            if not values:
                raise case.at.invalid("a case names no value.")
            tests: list[Expression] = [Binary("==", chosen, value, case.at) for value in values]
            condition = tests[0]
            for test in tests[1:]:
                condition = Binary("||", condition, test, case.at)
            cases.append((condition, self._statements_to_brace()))
        found: tuple[Statement, ...] = self._block() if self._cursor.take("default") else ()
        self._cursor.expect("}")
        for condition, body in reversed(cases):
            found = (If(condition, body, found),)
        return [Scope((value, *found))]

    def _while(self, word: Token) -> list[Statement]:
        return [While(self._condition(), self._block())]

    def _condition(self) -> Expression:
        self._cursor.expect("(")
        condition = self._cursor.expression()
        self._cursor.expect(")")
        return condition

    def _block(self) -> tuple[Statement, ...]:
        if self._cursor.version == 2 or not self._cursor.take("{"):
            return tuple(self._statement())
        return self._statements_to_brace()

    def _statements_to_brace(self) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        while not self._cursor.take("}"):
            if self._cursor.now.kind == "end":
                raise self._cursor.now.at.invalid("a block is not closed by '}'.")
            statements.extend(self._statement())
        return tuple(statements)

    def _for(self, word: Token) -> list[Statement]:
        kind = self._cursor.take("int", "uint")
        if kind is None:
            raise UnsupportedProgram(f"line {word.at.line}: a loop variable must be int or uint here.")
        size, name = self._cursor.size(), new_name(self._cursor)
        self._cursor.expect("in")
        return [For(kind.text, size, name, self._values(word), self._block(), word.at)]

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
        return self._assignment() or gate_call(self._cursor)

    def _assignment(self) -> Statement | None:
        """Read `target = value;` or `target += value;`, nothing if no assignment stands here."""
        token = self._cursor.now
        if token.text in MODIFIERS or self._cursor.after not in _ASSIGNMENTS | {"["}:
            return None
        target = self._cursor.operand()
        sign = self._cursor.next()
        if sign.text not in _ASSIGNMENTS:
            raise sign.at.invalid(f"'=' must stand here, not {sign.text[:40]!r}.")
        value = self._cursor.value()
        self._cursor.expect(";")
        if isinstance(value, Measured) and sign.text == "=":
            return Measurement(value.source, target, token.at)
        return Assignment(target, sign.text.removesuffix("="), value, token.at)
