"""Reads the functions of a QIR module, each when it is first called."""

import re
from collections.abc import Sequence

import pyqir

from local.execution.classical import wrapped
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.program import (
    Choose,
    Compute,
    Jump,
    Measure,
    Number,
    Operand,
    ReadResult,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
)
from local.execution.qir_code import Allocate, Code, Give, Instruction, Invoke, Load, Offset, Section, Stop, Store
from local.execution.qir_gates import Call, gate_call
from local.execution.qir_layout import Constants
from local.execution.qir_runtime import FUNCTIONS as RUNTIME

_QIS, _RT = "__quantum__qis__", "__quantum__rt__"
# Hints to a compiler or a device, messages, counts of references: without effect on the state and the output.
_HINT = re.compile(
    r"__quantum__rt__(initialize|(begin|end)_parallel|message|string_\w+|\w+_to_string|\w+_update_(reference|alias)_count)"
    r"|__quantum__qis__((barrier|order|group|sleep|move)\d*|assertmeasurementprobability)__body"
)
_RECORD = re.compile(r"__quantum__rt__(array|tuple|result|bool|int|double)_record_output")
_STATIC_POINTER = re.compile(r"ptr (?:null|inttoptr \(i\d+ (\d+) to ptr\))")
_ARITHMETIC = {
    getattr(pyqir.Opcode, name): name.lower()
    for name in (
        *("ADD", "SUB", "MUL", "SDIV", "UDIV", "SREM", "UREM", "AND", "OR", "XOR", "SHL", "LSHR", "ASHR"),
        *("SELECT", "TRUNC", "ZEXT", "SEXT", "FADD", "FSUB", "FMUL", "FDIV", "FREM", "FNEG", "FP_TRUNC", "FP_EXT"),
        *("SI_TO_FP", "UI_TO_FP", "FP_TO_SI", "FP_TO_UI", "PTR_TO_INT", "INT_TO_PTR", "BIT_CAST", "FREEZE"),
    )
}
_TERMINATORS = {pyqir.Opcode.RET, pyqir.Opcode.BR, pyqir.Opcode.SWITCH, pyqir.Opcode.UNREACHABLE}


class Library:
    """The functions of one module that have a body, and the constants that they share."""

    def __init__(self, module: pyqir.Module) -> None:
        self._functions = {function.name: function for function in module.functions if function.basic_blocks}
        self._read: dict[str, Code] = {}
        self._module = module
        self._constants: Constants | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def code(self, name: str) -> Code:
        """Read a function; raises UnsupportedProgram for what is beyond this engine, InvalidProgram for faults."""
        if name not in self._read:
            self._read[name] = FunctionReader(self._functions[name], self).code()
        return self._read[name]

    @property
    def constants(self) -> Constants:
        if self._constants is None:
            # pyqir gives no text of a type by name but in the module's.
            types = dict(re.findall(r"^(%\S+) = type (.+)$", str(self._module), re.MULTILINE))
            variables = {variable.name: _definition(variable) for variable in self._module.global_variables}
            self._constants = Constants(types, variables)
        return self._constants


class FunctionReader:
    """Reads one function; arguments given here take the place of its parameters."""

    def __init__(
        self,
        function: pyqir.Function,
        library: Library,
        arguments: Sequence[Number] | None = None,
        width: int | None = None,
    ) -> None:
        self._function, self._library, self._width = function, library, width
        self._places = {block: index for index, block in enumerate(function.basic_blocks)}
        self._registers: dict[pyqir.Value, Register] = {}
        given = zip(function.params, arguments or (), strict=arguments is not None)
        self._arguments: dict[pyqir.Value, Number] = dict(given)
        self._parameters = () if arguments is not None else tuple(self._register(value) for value in function.params)

    def code(self) -> Code:
        sections = tuple(self._section(block) for block in self._function.basic_blocks)
        return Code(self._function.name, sections, self._parameters)

    def _section(self, block: pyqir.BasicBlock) -> Section:
        found: list[Instruction] = []
        for instruction in block.instructions:
            if instruction.opcode in _TERMINATORS:
                break
            found.extend(self._instructions(instruction))
        last = block.terminator
        if last is None or last.opcode not in _TERMINATORS:
            raise UnsupportedProgram(f"This end of a QIR block is not supported: {_text(last)}")
        if last.opcode == pyqir.Opcode.RET and last.operands:
            found.append(Give(self._operand(last.operands[0])))
        if last.opcode == pyqir.Opcode.UNREACHABLE:
            found.append(Stop("it came to a place that it marks as unreachable"))
        return Section(tuple(found), self._next(block, last))

    def _instructions(self, instruction: pyqir.Instruction) -> list[Instruction]:
        if isinstance(instruction, pyqir.Phi):
            # Its value is set by the jumps that lead here.
            return []
        if isinstance(instruction, pyqir.Call):
            return self._call(instruction)
        if isinstance(instruction, pyqir.ICmp | pyqir.FCmp):
            return [self._compare(instruction)]
        if instruction.opcode in _ARITHMETIC:
            return [self._compute(instruction, _ARITHMETIC[instruction.opcode])]
        return [self._memory(instruction)]

    def _memory(self, instruction: pyqir.Instruction) -> Instruction:
        operands = instruction.operands
        if instruction.opcode == pyqir.Opcode.LOAD:
            return Load(self._register(instruction), self._operand(operands[0]))
        if instruction.opcode == pyqir.Opcode.STORE:
            return Store(self._operand(operands[1]), self._operand(operands[0]))
        if instruction.opcode == pyqir.Opcode.ALLOCA:
            kind = self._library.constants.kind(_text(instruction).partition("alloca ")[2].removeprefix("inalloca "))
            return Allocate(self._register(instruction), kind.size, self._operand(operands[0]))
        if instruction.opcode == pyqir.Opcode.GET_ELEMENT_PTR:
            return self._offset(instruction)
        raise UnsupportedProgram(f"This QIR instruction is not supported: {_text(instruction)}")

    def _offset(self, instruction: pyqir.Instruction) -> Offset:
        text = re.sub(r"^.*?getelementptr ((inbounds|nuw|nusw) )*", "", _text(instruction))
        kind = self._library.constants.kind(text)
        base, first, *others = (self._operand(operand) for operand in instruction.operands)
        steps: list[tuple[Operand, int]] = [(first, kind.size)]
        for index in others:
            if kind.count:
                kind = kind.fields[0][1]
                steps.append((index, kind.size))
            else:
                within, kind = kind.step(-1 if isinstance(index, Register) else int(index))
                steps.append((within, 1))
        return Offset(self._register(instruction), base, tuple(steps))

    def _compute(self, instruction: pyqir.Instruction, operation: str) -> Compute:
        operands = tuple(self._operand(operand) for operand in instruction.operands)
        operand_width = _bits(instruction.operands[-1].type)
        if operation == "sext" and operand_width == 1:
            # i1 is kept as 0 or 1: its sign extension is 0 or -1.
            operation, operands = "sub", (0, *operands)
        if operation == "bit_cast" and not isinstance(instruction.type, pyqir.PointerType):
            raise UnsupportedProgram(f"This QIR instruction is not supported: {_text(instruction)}")
        return Compute(self._register(instruction), operation, operands, _bits(instruction.type), operand_width)

    def _compare(self, instruction: pyqir.ICmp | pyqir.FCmp) -> Compute:
        operation = str(instruction.predicate).rpartition(".")[2].lower()
        if isinstance(instruction, pyqir.FCmp) and not operation.startswith("o"):
            operation = f"f{operation}"
        operands = tuple(self._operand(operand) for operand in instruction.operands)
        return Compute(self._register(instruction), operation, operands, 1, _bits(instruction.operands[0].type))

    def _call(self, call: pyqir.Call) -> list[Instruction]:
        name = call.callee.name
        if _HINT.fullmatch(name):
            return []
        if name == f"{_RT}fail":
            return [Stop("it calls __quantum__rt__fail")]
        is_record = _RECORD.fullmatch(name) is not None
        given = call.args[:1] if is_record else call.args
        arguments = tuple(self._operand(value) for value in given)
        if name in self._library:
            return [Invoke(self._register(call), name, arguments)]
        gate = gate_call(name)
        if gate is None and not is_record and name not in RUNTIME:
            raise UnsupportedProgram(f"This QIR function is not supported: {name or _text(call)}")
        found = self._static_gates(gate, call, arguments) if gate else self._static(name, call, arguments)
        return [Invoke(self._register(call), name, arguments)] if found is None else found

    def _static_gates(self, gate: Call, call: pyqir.Call, arguments: Sequence[Operand]) -> list[Instruction] | None:
        """Give the gates, or nothing where they are known only while the program runs."""
        angles, qubits = arguments[: gate.function.angles], arguments[gate.function.angles :]
        if gate.is_controlled:
            return None
        if len(qubits) != gate.function.qubits:
            counts = f"{gate.function.angles} angles and {gate.function.qubits} qubits"
            raise InvalidProgram(f"{gate.name} takes {counts}.")
        kinds = [isinstance(value.type, pyqir.PointerType) for value in call.args]
        if any(kinds[: len(angles)]) or not all(kinds[len(angles) :]):
            raise InvalidProgram(f"{gate.name} takes angles, then qubits: {_text(call)}")
        if any(isinstance(qubit, Register) for qubit in qubits):
            return None
        if gate.is_inverse and any(isinstance(angle, Register) for angle in angles):
            return None
        return list(gate.gates(angles, [self._qubit(qubit) for qubit in qubits]))

    def _static(self, name: str, call: pyqir.Call, arguments: Sequence[Operand]) -> list[Instruction] | None:
        record = _RECORD.fullmatch(name)
        if record is not None and record[1] in {"bool", "int", "double"}:
            return [RecordValue(record[1], arguments[0])]
        if any(isinstance(argument, Register) for argument in arguments):
            return None
        numbers = [int(argument) for argument in arguments if not isinstance(argument, Register)]
        if record is not None:
            return [_recorded(record[1], numbers[0])]
        if name in {f"{_RT}read_result", f"{_QIS}read_result__body"}:
            return [ReadResult(self._register(call), numbers[0])]
        if name == f"{_QIS}reset__body":
            return [Reset(self._qubit(numbers[0]))]
        if len(numbers) == 2 and name in {f"{_QIS}{kind}__body" for kind in ("m", "mz", "mresetz")}:
            measure = Measure(self._qubit(numbers[0]), numbers[1])
            return [measure, Reset(measure.qubit)] if "mresetz" in name else [measure]
        return None

    def _next(self, block: pyqir.BasicBlock, last: pyqir.Instruction) -> Jump | Choose | None:
        if last.opcode in {pyqir.Opcode.RET, pyqir.Opcode.UNREACHABLE}:
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
        if isinstance(value, pyqir.Constant):
            return self._constant(value)
        if isinstance(value, pyqir.Instruction) or value in self._registers:
            return self._register(value)
        raise UnsupportedProgram(f"This QIR operand is not supported: {_text(value)}")

    def _constant(self, value: pyqir.Constant) -> Number:
        if isinstance(value, pyqir.GlobalVariable):
            return self._library.constants.address(value.name)
        if isinstance(value, pyqir.Function):
            raise UnsupportedProgram(f"A QIR function as a value is not supported: {value.name}")
        text = str(value)
        pointer = _STATIC_POINTER.fullmatch(text)
        return int(pointer[1] or 0) if pointer else self._library.constants.number(text)

    def _qubit(self, operand: Operand) -> int:
        if isinstance(operand, Register) or operand < 0:
            raise InvalidProgram(f"{operand} is no qubit.")
        if self._width is not None and operand >= self._width:
            raise InvalidProgram(f"Qubit {operand} is used, but required_num_qubits is {self._width}.")
        return int(operand)


def _recorded(kind: str, number: int) -> RecordResult | RecordGroup:
    if kind == "result":
        return RecordResult(number)
    if number < 0:
        raise InvalidProgram(f"An output {kind} cannot have {number} items.")
    return RecordGroup(kind, number)


def _definition(variable: pyqir.GlobalVariable) -> str:
    """Give the type and the value out of `@name = internal constant TYPE VALUE, align 8`."""
    return re.split(r"\b(?:constant|global) ", str(variable), maxsplit=1)[-1]


def _signed(constant: pyqir.IntConstant) -> int:
    """Read a constant as two's complement: pyqir gives it unsigned."""
    return int(wrapped(constant.value, constant.type.width))


def _bits(kind: pyqir.Type) -> int:
    return int(kind.width) if isinstance(kind, pyqir.IntType) else 64


def _text(value: pyqir.Value) -> str:
    return str(value).strip()
