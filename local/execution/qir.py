"""Reads QIR, as LLVM text or bitcode, of the base and the adaptive profile into a program."""

from collections.abc import Mapping, Sequence

import pyqir

from local.execution.classical import wrapped
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.gates import GATES
from local.execution.program import (
    Block,
    Choose,
    Compute,
    Gate,
    Jump,
    Measure,
    Number,
    Operand,
    Operation,
    Program,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
)

BITCODE_MAGIC = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")

_QIS, _RT = "__quantum__qis__", "__quantum__rt__"
_GATES = {f"{_QIS}{name}__body": name for name in GATES.keys() - {"sdg", "tdg", "sxdg", "prx", "gpi", "gpi2", "ms"}}
_GATES |= {f"{_QIS}{name}__adj": f"{name}dg" for name in ("s", "t", "sx")}
_GATES |= {
    f"{_QIS}cnot__body": "cx",
    f"{_QIS}ccnot__body": "ccx",
    f"{_QIS}u1__body": "p",
    f"{_QIS}u3__body": "u",
    f"{_QIS}u1q__body": "prx",
}
_MEASURE = {f"{_QIS}{name}__body" for name in ("m", "mz")}
_READ = {f"{_RT}read_result", f"{_QIS}read_result__body"}
# Hints to a compiler or a device, without effect on the state.
_HINTS = {
    f"{_RT}initialize",
    f"{_RT}begin_parallel",
    f"{_RT}end_parallel",
    f"{_QIS}barrier__body",
}
_RECORDS = {f"{_RT}{kind}_record_output": kind for kind in ("array", "tuple", "result", "bool", "int", "double")}

_ARITHMETIC = {
    getattr(pyqir.Opcode, name): name.lower()
    for name in (
        *("ADD", "SUB", "MUL", "SDIV", "UDIV", "SREM", "UREM", "AND", "OR", "XOR", "SHL", "LSHR", "ASHR"),
        *("SELECT", "TRUNC", "ZEXT", "SEXT"),
        *("FADD", "FSUB", "FMUL", "FDIV", "FNEG", "SI_TO_FP", "UI_TO_FP", "FP_TO_SI"),
    )
}


def read(program: bytes, *, entry_point: str | None = None, arguments: Sequence[Number] = ()) -> Program:
    """Read a module; bit i of the program is qubit i.

    Raises InvalidProgram for what is not QIR, UnsupportedProgram for QIR beyond these profiles.
    """
    module = _parse(program)
    return _Reader(_entry(module, entry_point), arguments).program()


def _parse(program: bytes) -> pyqir.Module:
    context = pyqir.Context()
    try:
        if program.startswith(BITCODE_MAGIC):
            module = pyqir.Module.from_bitcode(context, program)
        else:
            module = pyqir.Module.from_ir(context, program.decode())
    except UnicodeDecodeError as error:
        raise InvalidProgram("The program is neither LLVM bitcode nor LLVM text in UTF-8.") from error
    except ValueError as error:
        raise InvalidProgram(f"The QIR does not parse: {str(error).strip()}") from error
    fault = module.verify()
    if fault is not None:
        raise InvalidProgram(f"The QIR is not a valid LLVM module: {fault.strip()}")
    return module


def _entry(module: pyqir.Module, name: str | None) -> pyqir.Function:
    entries = [function for function in module.functions if pyqir.is_entry_point(function)]
    if name is not None:
        entries = [function for function in entries if function.name == name]
        if not entries:
            raise InvalidProgram(f"The QIR has no entry point named {name!r}.")
    if len(entries) != 1:
        raise InvalidProgram(f"The QIR has {len(entries)} functions with the entry_point attribute; it must have one.")
    return entries[0]


class _Reader:
    def __init__(self, function: pyqir.Function, arguments: Sequence[Number]) -> None:
        if len(arguments) != len(function.params):
            raise InvalidProgram(
                f"Entry point {function.name!r} takes {len(function.params)} arguments; {len(arguments)} were given."
            )
        self._function = function
        self._places = {block: index for index, block in enumerate(function.basic_blocks)}
        self._registers: dict[pyqir.Value, Register] = {}
        self._arguments: Mapping[pyqir.Value, Number] = dict(zip(function.params, arguments, strict=True))
        self._width = pyqir.required_num_qubits(function)
        self._highest = -1

    def program(self) -> Program:
        blocks = tuple(self._block(block) for block in self._function.basic_blocks)
        return Program(blocks, self._highest + 1 if self._width is None else self._width)

    def _block(self, block: pyqir.BasicBlock) -> Block:
        operations: list[Operation] = []
        for instruction in block.instructions:
            if instruction.opcode in _TERMINATORS:
                break
            operations.extend(self._operations(instruction))
        return Block(tuple(operations), self._next(block))

    def _operations(self, instruction: pyqir.Instruction) -> list[Operation]:
        if isinstance(instruction, pyqir.Phi):
            # Its value is set by the jumps that lead here.
            return []
        if isinstance(instruction, pyqir.Call):
            return self._call(instruction)
        if isinstance(instruction, pyqir.ICmp | pyqir.FCmp):
            return [self._compare(instruction)]
        operation = _ARITHMETIC.get(instruction.opcode)
        if operation is None:
            raise UnsupportedProgram(f"This QIR instruction is not supported: {_text(instruction)}")
        return [self._compute(instruction, operation)]

    def _compute(self, instruction: pyqir.Instruction, operation: str) -> Compute:
        operands = tuple(self._operand(operand) for operand in instruction.operands)
        operand_width = _bits(instruction.operands[-1].type)
        if operation == "sext" and operand_width == 1:
            # i1 is kept as 0 or 1: its sign extension is 0 or -1.
            operation, operands = "sub", (0, *operands)
        return Compute(self._register(instruction), operation, operands, _bits(instruction.type), operand_width)

    def _compare(self, instruction: pyqir.ICmp | pyqir.FCmp) -> Compute:
        operation = str(instruction.predicate).rpartition(".")[2].lower()
        if operation not in _COMPARISONS:
            raise UnsupportedProgram(f"This QIR comparison is not supported: {_text(instruction)}")
        operands = tuple(self._operand(operand) for operand in instruction.operands)
        return Compute(self._register(instruction), operation, operands, 1, _bits(instruction.operands[0].type))

    def _call(self, call: pyqir.Call) -> list[Operation]:
        name, arguments = call.callee.name, call.args
        if name in _HINTS:
            return []
        if name in _GATES:
            return [self._gate(_GATES[name], call)]
        if name in _MEASURE:
            return [Measure(self._qubit(arguments[0]), self._pointer(arguments[1]))]
        if name == f"{_QIS}mresetz__body":
            qubit = self._qubit(arguments[0])
            return [Measure(qubit, self._pointer(arguments[1])), Reset(qubit)]
        if name == f"{_QIS}reset__body":
            return [Reset(self._qubit(arguments[0]))]
        if name in _READ:
            return [ReadResult(self._register(call), self._pointer(arguments[0]))]
        if name in _RECORDS:
            return [self._recorded(_RECORDS[name], arguments[0])]
        raise UnsupportedProgram(f"This QIR function is not supported: {name or _text(call)}")

    def _gate(self, name: str, call: pyqir.Call) -> Gate:
        kind, arguments = GATES[name], call.args
        if len(arguments) != kind.angles + kind.qubits:
            raise InvalidProgram(f"{call.callee.name} takes {kind.angles} angles and {kind.qubits} qubits.")
        angles = tuple(self._operand(angle) for angle in arguments[: kind.angles])
        qubits = tuple(self._qubit(qubit) for qubit in arguments[kind.angles :])
        if len(set(qubits)) < len(qubits):
            raise InvalidProgram(f"A gate names one qubit twice: {_text(call)}")
        return Gate(name, qubits, angles)

    def _recorded(self, kind: str, value: pyqir.Value) -> Operation:
        if kind == "result":
            return RecordResult(self._pointer(value))
        operand = self._operand(value)
        if kind in {"bool", "int", "double"}:
            return RecordValue(kind, operand)
        if isinstance(operand, Register) or operand < 0:
            raise InvalidProgram(f"An output {kind} must have a constant size.")
        return RecordGroup(kind, int(operand))

    def _next(self, block: pyqir.BasicBlock) -> Jump | Choose | None:
        last = block.terminator
        if last is None or last.opcode not in _TERMINATORS:
            raise UnsupportedProgram(f"This end of a QIR block is not supported: {_text(last)}")
        if last.opcode == pyqir.Opcode.RET:
            return None
        if isinstance(last, pyqir.Switch):
            cases = tuple((_signed(case), self._jump(block, target)) for case, target in last.cases)
            return Choose(self._operand(last.cond), cases, self._jump(block, last.default))
        if len(last.operands) == 1:
            return self._jump(block, last.operands[0])
        # LLVM keeps a branch's operands in this order; pyqir's `successors` follows it.
        condition, otherwise, then = last.operands
        return Choose(self._operand(condition), ((1, self._jump(block, then)),), self._jump(block, otherwise))

    def _jump(self, source: pyqir.BasicBlock, target: pyqir.BasicBlock) -> Jump:
        moves = []
        for instruction in target.instructions:
            if not isinstance(instruction, pyqir.Phi):
                break
            value = next(value for value, block in instruction.incoming if block == source)
            moves.append((self._register(instruction), self._operand(value)))
        return Jump(self._places[target], tuple(moves))

    def _register(self, value: pyqir.Value) -> Register:
        return self._registers.setdefault(value, Register(len(self._registers)))

    def _operand(self, value: pyqir.Value) -> Operand:
        if isinstance(value, pyqir.IntConstant):
            return _signed(value)
        if isinstance(value, pyqir.FloatConstant):
            return float(value.value)
        if value in self._arguments:
            return self._arguments[value]
        if isinstance(value, pyqir.Instruction):
            return self._register(value)
        raise UnsupportedProgram(f"This QIR operand is not supported: {_text(value)}")

    def _qubit(self, value: pyqir.Value) -> int:
        qubit = self._pointer(value)
        if self._width is not None and qubit >= self._width:
            raise InvalidProgram(f"Qubit {qubit} is used, but required_num_qubits is {self._width}.")
        self._highest = max(self._highest, qubit)
        return qubit

    def _pointer(self, value: pyqir.Value) -> int:
        """Give the number of a static qubit or result."""
        # pyqir.ptr_id reads other kinds of values as if they were constant pointers, and crashes.
        is_static = type(value) is pyqir.Constant and isinstance(value.type, pyqir.PointerType)
        number = pyqir.ptr_id(value) if is_static and "@" not in str(value) else None
        if number is None:
            raise UnsupportedProgram(f"Qubits and results must be static (inttoptr constants): {_text(value)}")
        return int(number)


_TERMINATORS = {pyqir.Opcode.RET, pyqir.Opcode.BR, pyqir.Opcode.SWITCH}
_COMPARISONS = {"eq", "ne", *(f"{sign}{order}" for sign in "suo" for order in ("lt", "le", "gt", "ge")), "oeq", "one"}


def _signed(constant: pyqir.IntConstant) -> int:
    """Read a constant as two's complement: pyqir gives it unsigned."""
    return int(wrapped(constant.value, constant.type.width))


def _bits(kind: pyqir.Type) -> int:
    return int(kind.width) if isinstance(kind, pyqir.IntType) else 64


def _text(value: pyqir.Value) -> str:
    return str(value).strip()
