"""OpenQASM 3 and 2 become the IR: parsed by the QDK, which touches no disk, and given their meaning here."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from quantum_jobs.errors import ProgramInvalid
from quantum_jobs.programs.checks import Limits
from quantum_jobs.programs.inputs import Input
from quantum_jobs.programs.ir import Measure, Operation, Program, walk
from quantum_jobs.programs.openqasm.expressions import Expressions
from quantum_jobs.programs.openqasm.statements import Statements
from quantum_jobs.programs.openqasm.text import SourceText, Span, Token


class OpenQasm:
    """A program parsed once, from which programs are made by binding its inputs; `format` is openqasm3 or openqasm2.

    Raises:
        ProgramInvalid: the text is beyond what a parser may be given.
    """

    def __init__(self, format: str, text: str, limits: Limits) -> None:  # noqa: A002
        self._format = format
        self._version = 3 if format == "openqasm3" else 2
        self._source = SourceText(text, limits)
        tokens = self._source.scan()
        _refuse_if_faulty(format, self._source)
        _check_version(self._source, tokens, self._version)
        _refuse_opaque(self._source, tokens)
        self._statements = _parsed(self._source)
        self._expressions = Expressions(self._version)

    def program(self, parameters: Mapping[str, float]) -> Program:
        """Bind the inputs.

        Raises:
            ProgramInvalid: with all faults, in order of place.
        """
        source = self._source.copy()
        statements = Statements(source, self._expressions, parameters)
        operations = statements.read(self._statements)
        if not source.faults:
            _check_measures(source, operations)
        _refuse_if_faulty(self._format, source)
        return Program(statements.qubit_count, statements.registers, operations, statements.parameters)

    def inputs(self) -> tuple[Input, ...]:
        """Give the inputs in order of declaration; `type` as it is written.

        Raises:
            ProgramInvalid: the text does not parse.
        """
        _refuse_if_faulty(self._format, self._source)
        declared = [node for node in self._statements if type(node).__name__ == "IODeclaration"]
        return tuple(
            Input(node.identifier.name, self._source.between(node.type.span))
            for node in declared
            if node.io_keyword.value == "input"
        )


def read_openqasm(format: str, text: str, parameters: Mapping[str, float], limits: Limits) -> Program:  # noqa: A002
    """Read OpenQASM; `format` is openqasm3 or openqasm2.

    Raises:
        ProgramInvalid: with all faults, in order of place.
    """
    return OpenQasm(format, text, limits).program(parameters)


def _refuse_if_faulty(format: str, source: SourceText) -> None:  # noqa: A002
    if source.faults:
        raise ProgramInvalid(format, source.faults)


def _check_version(source: SourceText, tokens: Sequence[Token], version: int) -> None:
    stated = tokens[0].text == "OPENQASM" if tokens else False
    if not stated and version == 2:
        source.refuse(Span(0, 0), "an OpenQASM 2 program starts with OPENQASM 2.0;")
    elif stated and len(tokens) > 1 and tokens[1].text.split(".")[0] != str(version):
        source.refuse(
            source.span_of(tokens[1]), f"the program states version {tokens[1].text}; the format asks for {version}"
        )


def _refuse_opaque(source: SourceText, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.is_word and token.text == "opaque":
            source.refuse_syntax(source.span_of(token), "an opaque gate has no definition that could be run")


def _parsed(source: SourceText) -> list[Any]:
    """Parse; syntax faults go to the source text, statements come back as far as they were understood."""
    os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")
    from qdk.openqasm import parser

    # Every include resolves to nothing: their gates are known here, and no path is ever followed.
    result = parser.parse(source.text, includes=lambda _: "")
    for diagnostic in result.diagnostics:
        spans = [Span(label.span.lo, label.span.hi) for label in diagnostic.labels] or [Span(0, 0)]
        source.refuse_syntax(spans[0], _sentence(diagnostic.message))
    statements: list[Any] = result.program.statements
    return statements


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def _check_measures(source: SourceText, operations: tuple[Operation, ...]) -> None:
    if not any(isinstance(operation, Measure) for operation in walk(operations)):
        end = len(source.text.encode())
        source.refuse(Span(end, end), "the program measures nothing and would have no result")
