"""Write a program as QIR text that every provider's compiler takes.

Gates of the flat set only, every recorded output labelled, `qir_profiles` and the required counts as they are. Each
register is recorded as an array with bit 0 first; several registers are wrapped in a tuple, in order of declaration.
A bit is one static result; a bit that is never measured is recorded too and reads 0. Base profile: measurements come
after all gates.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from quantum_jobs.programs.checks import Profile, profile
from quantum_jobs.programs.gates import flatten
from quantum_jobs.programs.ir import HIDDEN, Bit, Gate, If, Measure, Operation, Program, Register, Reset

_ROTATIONS = frozenset({"rx", "ry", "rz"})
_BODIES = {
    **{name: f"__quantum__qis__{name}__body" for name in ("h", "x", "y", "z", "s", "t", "rx", "ry", "rz")},
    "sdg": "__quantum__qis__s__adj",
    "tdg": "__quantum__qis__t__adj",
    "cx": "__quantum__qis__cx__body",
    "cz": "__quantum__qis__cz__body",
}
_SIGNATURES = {
    **{_BODIES[name]: "void (%Qubit*)" for name in ("h", "x", "y", "z", "s", "sdg", "t", "tdg")},
    **{_BODIES[name]: "void (double, %Qubit*)" for name in ("rx", "ry", "rz")},
    **{_BODIES[name]: "void (%Qubit*, %Qubit*)" for name in ("cx", "cz")},
    "__quantum__qis__mz__body": "void (%Qubit*, %Result*)",
    "__quantum__qis__reset__body": "void (%Qubit*)",
    "__quantum__qis__read_result__body": "i1 (%Result*)",
    "__quantum__rt__initialize": "void (i8*)",
    "__quantum__rt__tuple_record_output": "void (i64, i8*)",
    "__quantum__rt__array_record_output": "void (i64, i8*)",
    "__quantum__rt__result_record_output": "void (%Result*, i8*)",
}

_FLAGS = (
    'i32 1, !"qir_major_version", i32 1',
    'i32 7, !"qir_minor_version", i32 0',
    'i32 1, !"dynamic_qubit_management", i1 false',
    'i32 1, !"dynamic_result_management", i1 false',
)


def write_qir(program: Program) -> str:
    """Write a program as QIR text; the same program gives the same text.

    Source: the QIR specification, base and adaptive profile, version 1.
    """
    return write_qir_items([program])


def write_qir_items(programs: Sequence[Program]) -> str:
    """Write several programs as one QIR text, an entry point for each, named as `entry_points` names them."""
    labels = _Labels()
    kinds: dict[str, int] = {}  # attributes of entry points, and their number
    functions: list[str] = []
    for name, program in zip(entry_points(len(programs)), programs, strict=True):
        kind = kinds.setdefault(_attributes(program), len(kinds))
        functions += [f"define i64 @{name}() #{kind} {{", "entry:", *_entry(program, labels), "}", ""]
    types = ["%Result = type opaque", "%Qubit = type opaque", ""]
    declared = _declarations(functions, irreversible=len(kinds))
    return "\n".join((*types, *labels.definitions, "", *functions, *declared, "", *_tail(kinds)))


def entry_points(items: int) -> list[str]:
    """Give the names of the entry points of a program with so many items."""
    return ["ENTRYPOINT__main"] if items == 1 else [f"ENTRYPOINT__item{place}" for place in range(items)]


def _entry(program: Program, labels: "_Labels") -> list[str]:
    body = _Body(program.registers)
    body.write(_measured_last(program.operations) if profile(program) is Profile.BASE else program.operations)
    recording = _recording(program.registers, body.offsets, labels)
    return ["  call void @__quantum__rt__initialize(i8* null)", *body.lines, *recording, "  ret i64 0"]


def _measured_last(operations: Sequence[Operation]) -> list[Operation]:
    return sorted(operations, key=lambda operation: isinstance(operation, Measure))


class _Body:
    """The instructions of the entry point."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self.lines: list[str] = []
        self.offsets = list(accumulate((register.size for register in registers), initial=0))
        self._branches = 0

    def write(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            match operation:
                case Gate():
                    self.lines.extend(map(_gate, flatten(operation)))
                case Measure(qubit, bit):
                    arguments = f"{_qubit(qubit)}, {self._result(bit)}"
                    self.lines.append(f"  call void @__quantum__qis__mz__body({arguments})")
                case Reset(qubit):
                    self.lines.append(f"  call void @__quantum__qis__reset__body({_qubit(qubit)})")
                case If():
                    self._branch(operation)

    def _result(self, bit: Bit) -> str:
        # Hidden bits come after all that are recorded: the last offset is the number of these.
        place = -1 if bit.register == HIDDEN else bit.register
        return _pointer("%Result", self.offsets[place] + bit.index)

    def _branch(self, branch: If) -> None:
        """Test one bit after the other; the first that differs jumps to the other arm."""
        number, self._branches = self._branches, self._branches + 1
        then, otherwise, end = f"then{number}", f"else{number}", f"end{number}"
        for place, bit in enumerate(branch.bits):
            following = then if place == len(branch.bits) - 1 else f"test{number}_{place + 1}"
            yes, no = (following, otherwise) if branch.value >> place & 1 else (otherwise, following)
            value = f"%bit{number}_{place}"
            self.lines.append(f"  {value} = call i1 @__quantum__qis__read_result__body({self._result(bit)})")
            self.lines.append(f"  br i1 {value}, label %{yes}, label %{no}")
            self.lines.append(f"{following}:")
        self._arm(branch.then, end)
        self.lines.append(f"{otherwise}:")
        self._arm(branch.otherwise, end)
        self.lines.append(f"{end}:")

    def _arm(self, operations: Sequence[Operation], end: str) -> None:
        self.write(operations)
        self.lines.append(f"  br label %{end}")


def _gate(gate: Gate) -> str:
    operands = ", ".join(map(_qubit, gate.qubits))
    if gate.name in _ROTATIONS:
        operands = f"double {_double(gate.angles[0])}, {operands}"
    return f"  call void @{_BODIES[gate.name]}({operands})"


def _double(value: float) -> str:
    """Write a double by its bits: the only form of LLVM that is exact for every value."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', value))[0]:016X}"


def _qubit(number: int) -> str:
    return _pointer("%Qubit", number)


def _pointer(kind: str, number: int) -> str:
    return f"{kind}* inttoptr (i64 {number} to {kind}*)" if number else f"{kind}* null"


class _Labels:
    """The strings that name the outputs; targets refuse an output without one."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}

    @property
    def definitions(self) -> list[str]:
        return [
            f'{name} = internal constant [{len(data)} x i8] c"{_escaped(data)}"' for data, name in self._names.items()
        ]

    def pointer(self, label: str) -> str:
        data = label.encode() + b"\0"
        name, kind = self._names.setdefault(data, f"@{len(self._names)}"), f"[{len(data)} x i8]"
        return f"i8* getelementptr inbounds ({kind}, {kind}* {name}, i32 0, i32 0)"


def _escaped(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:02X}" for byte in data)


def _recording(registers: Sequence[Register], offsets: Sequence[int], labels: _Labels) -> Iterator[str]:
    if len(registers) > 1:
        yield _record("tuple", f"i64 {len(registers)}", labels.pointer("registers"))
    for register, offset in zip(registers, offsets, strict=False):
        yield _record("array", f"i64 {register.size}", labels.pointer(register.name))
        for index in range(register.size):
            label = labels.pointer(f"{register.name}_{index}")
            yield _record("result", _pointer("%Result", offset + index), label)


def _record(kind: str, value: str, label: str) -> str:
    return f"  call void @__quantum__rt__{kind}_record_output({value}, {label})"


def _declarations(lines: Iterable[str], irreversible: int) -> Iterator[str]:
    used = {line.split("@", 1)[1].split("(", 1)[0] for line in lines if line.startswith("  ") and " @" in line}
    for name in sorted(used):
        result, parameters = _SIGNATURES[name].split(" ", 1)
        marked = f" #{irreversible}" if name in {"__quantum__qis__mz__body", "__quantum__qis__reset__body"} else ""
        yield f"declare {result} @{name}{parameters}{marked}"


def _attributes(program: Program) -> str:
    results = sum(register.size for register in program.registers) + program.hidden_bits
    counts = f'"required_num_qubits"="{program.qubits}" "required_num_results"="{results}"'
    return f'"entry_point" "output_labeling_schema" "qir_profiles"="{profile(program)}" {counts}'


def _tail(kinds: Iterable[str]) -> list[str]:
    attributes = [f"attributes #{number} = {{ {kind} }}" for number, kind in enumerate([*kinds, '"irreversible"'])]
    names = ", ".join(f"!{number}" for number in range(len(_FLAGS)))
    flags = [f"!{place} = !{{{flag}}}" for place, flag in enumerate(_FLAGS)]
    return [*attributes, "", f"!llvm.module.flags = !{{{names}}}", "", *flags, ""]
