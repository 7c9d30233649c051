"""QIR as text and bitcode, as the qdk emits it and as others do."""

import math
import os
import random
import struct
from collections import Counter

import pyqir
import pytest

from local.execution import qir
from local.execution.errors import InvalidProgram, UnsupportedProgram
from local.execution.gates import GATES
from local.execution.program import Block, Gate, Measure, Program, RecordGroup, RecordResult
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees, distribution

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # read when the package is imported
from qdk import TargetProfile, openqasm

TYPED, OPAQUE = ("%Qubit*", "%Result*", "i8*"), ("ptr", "ptr", "ptr")
SIGNATURES = {"h": 0, "x": 0, "s": 0, "t": 0, "rx": 1, "ry": 1, "rz": 1}


def module(
    body: str, *, pointers: tuple[str, str, str] = OPAQUE, qubits: int = 3, header: str = "void @main()"
) -> bytes:
    """A module whose body names qubits Q0, Q1 and results R0, R1; every function is declared as it is used."""
    qubit, result, label = pointers
    text = body
    for number in reversed(range(8)):
        text = text.replace(f"Q{number}", f"{qubit} inttoptr (i64 {number} to {qubit})")
        text = text.replace(f"R{number}", f"{result} inttoptr (i64 {number} to {result})")
    text = text.replace("NOLABEL", f"{label} null")
    declared = {}
    for line in text.splitlines():
        if "call " in line:
            kind, _, rest = line.partition("call ")[2].partition(" @")
            name, _, arguments = rest.partition("(")
            types = [kind_of(argument) for argument in split(arguments.rpartition(")")[0])]
            declared[name] = f"declare {kind} @{name}({', '.join(types)})"
    opaque = "%Qubit = type opaque\n%Result = type opaque\n" if pointers is TYPED else ""
    attributes = f'attributes #0 = {{ "entry_point" "required_num_qubits"="{qubits}" "required_num_results"="8" }}'
    return "\n".join([opaque, f"define {header} #0 {{", text, "}", *declared.values(), attributes]).encode()


def split(arguments: str) -> list[str]:
    parts, depth = [""], 0
    for character in arguments:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def kind_of(argument: str) -> str:
    return argument.split(" ")[0]


def call(name: str, *arguments: str) -> str:
    return f"  call void @__quantum__{name}({', '.join(arguments)})"


def record_all(count: int) -> list[str]:
    lines = [call("rt__array_record_output", f"i64 {count}", "NOLABEL")]
    return lines + [call("rt__result_record_output", f"R{result}", "NOLABEL") for result in range(count)]


def hexadecimal(angle: float) -> str:
    """An angle to its last bit, as LLVM writes it."""
    return f"double 0x{struct.unpack('>Q', struct.pack('>d', angle))[0]:016X}"


def sampled(program: bytes, shots: int = 4000) -> Counter[str]:
    found: Counter[str] = Counter()
    for record, count in Simulator(qir.read(program), seed=7).sample(shots).items():
        found["".join(str(entry[1]) for entry in record if isinstance(entry, tuple))] += count
    return found


@pytest.mark.parametrize("pointers", [TYPED, OPAQUE], ids=["typed", "opaque"])
@pytest.mark.parametrize("form", ["text", "bitcode"])
@pytest.mark.parametrize("seed", range(4))
def test_random_circuits_read_back_to_the_last_bit_of_every_angle(
    seed: int, form: str, pointers: tuple[str, str, str]
) -> None:
    draw = random.Random(seed)
    gates, lines = [], []
    for _ in range(20):
        name = draw.choice(
            ["h", "x", "y", "z", "s", "t", "sx", "rx", "ry", "rz", "rxx", "ryy", "rzz", "cx", "cy", "cz", "swap", "ccx"]
        )
        kind = GATES[name]
        qubits = draw.sample(range(3), kind.qubits)
        angles = tuple(draw.uniform(-20, 20) for _ in range(kind.angles))
        gates.append(Gate(name, tuple(qubits), angles))
        lines.append(call(f"qis__{name}__body", *map(hexadecimal, angles), *(f"Q{qubit}" for qubit in qubits)))
    lines += [call("qis__mz__body", f"Q{qubit}", f"R{qubit}") for qubit in range(3)]
    source = module("\n".join([*lines, *record_all(3), "  ret void"]), pointers=pointers)
    if form == "bitcode":
        source = pyqir.Module.from_ir(pyqir.Context(), source.decode()).bitcode
    ends = [
        *(Measure(qubit, qubit) for qubit in range(3)),
        RecordGroup("array", 3),
        *(RecordResult(bit) for bit in range(3)),
    ]
    assert qir.read(source) == Program((Block((*gates, *ends)),), 3)


def test_adjoints_and_the_names_of_other_tools_are_known() -> None:
    lines = [call(f"qis__{name}__adj", "Q0") for name in ("s", "t", "sx")]
    lines += [call("qis__cnot__body", "Q0", "Q1"), call("qis__ccnot__body", "Q0", "Q1", "Q2")]
    lines += [call("qis__u3__body", "double 1.0", "double 2.0", "double 3.0", "Q1"), call("qis__m__body", "Q1", "R0")]
    lines += [call("qis__barrier__body"), call("qis__mresetz__body", "Q2", "R1")]
    read = qir.read(module("\n".join([*lines, "  ret void"])))
    names = [step.name if isinstance(step, Gate) else type(step).__name__ for step in read.blocks[0].operations]
    assert names == ["sdg", "tdg", "sxdg", "cx", "ccx", "u", "Measure", "Measure", "Reset"]


SOURCES = {
    "bell": "qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;",
    "two registers": "qubit[3] q; bit[2] a; bit[1] b; x q[0]; a[0] = measure q[0]; a[1] = measure q[1];"
    " b[0] = measure q[2];",
    "teleport": "qubit[3] q; bit[3] c; ry(0.7) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];"
    " c[0] = measure q[0]; c[1] = measure q[1]; if (c[1] == 1) { x q[2]; } if (c[0] == 1) { z q[2]; }"
    " ry(-0.7) q[2]; c[2] = measure q[2];",
    "nested": "qubit[2] q; bit[3] c; h q; c[0] = measure q[0]; c[1] = measure q[1]; if (c[0] == 1) {"
    " if (c[1] == 1) { x q[0]; } else { h q[0]; } } else { ry(1.0) q[0]; } c[2] = measure q[0];",
    "reset and reuse": "qubit[1] q; bit[2] c; ry(1.2) q[0]; c[0] = measure q[0]; reset q[0];"
    " ry(2.0) q[0]; c[1] = measure q[0];",
}
# What the programs give, worked out by hand: register order and bit order are those of the source.
_HALF, _P = 0.5, math.sin(0.6) ** 2
EXPECTED = {
    "bell": {"00": 0.5, "11": 0.5},
    "two registers": {"100": 1.0},
    "teleport": {"000": 0.25, "010": 0.25, "100": 0.25, "110": 0.25},
    "nested": {
        **{f"0{other}0": 0.25 * math.cos(0.5) ** 2 for other in (0, 1)},
        **{f"0{other}1": 0.25 * math.sin(0.5) ** 2 for other in (0, 1)},
        "100": 0.125,
        "101": 0.125,
        "110": 0.25,
    },
    "reset and reuse": {
        f"{first}{second}": (_P if first else 1 - _P) * (math.sin(1) ** 2 if second else math.cos(1) ** 2)
        for first in (0, 1)
        for second in (0, 1)
    },
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_the_qdk_compiles_runs_as_its_source_says(name: str) -> None:
    source = f'OPENQASM 3.0; include "stdgates.inc"; {SOURCES[name]}'
    compiled = str(openqasm.compile(source, target_profile=TargetProfile.Adaptive_RI)).encode()
    assert agrees(
        {(bits,): count for bits, count in sampled(compiled).items()}, {(b,): p for b, p in EXPECTED[name].items()}
    )
    assert agrees(Simulator(qir.read(compiled), seed=1).sample(4000), distribution(qir.read(compiled)))


def test_base_profile_of_the_qdk_can_be_read_exactly() -> None:
    source = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
    compiled = str(openqasm.compile(source, target_profile=TargetProfile.Base)).encode()
    assert sum(Simulator(qir.read(compiled), seed=0).probabilities().values()) == pytest.approx(1)


def test_logic_on_results_and_computed_output() -> None:
    body = "\n".join(
        [
            "start:",
            call("qis__x__body", "Q0"),
            call("qis__mz__body", "Q0", "R0"),
            call("qis__mz__body", "Q1", "R1"),
            "  %a = call i1 @__quantum__rt__read_result(R0)",
            "  %b = call i1 @__quantum__qis__read_result__body(R1)",
            "  %both = and i1 %a, %b",
            "  %either = or i1 %a, %b",
            "  %not = xor i1 %either, true",
            "  %wide = zext i1 %a to i64",
            "  %sum = add i64 %wide, -5",
            "  %less = icmp slt i64 %sum, -3",
            "  %picked = select i1 %less, double 2.5, double 1.0",
            "  switch i64 %sum, label %wrong [ i64 -4, label %right ]",
            "wrong:",
            "  br label %end",
            "right:",
            "  br label %end",
            "end:",
            "  %path = phi i64 [ 10, %wrong ], [ 20, %right ]",
            call("rt__tuple_record_output", "i64 5", "NOLABEL"),
            *(call("rt__bool_record_output", f"i1 %{name}", "NOLABEL") for name in ("both", "either", "not")),
            call("rt__int_record_output", "i64 %path", "NOLABEL"),
            call("rt__double_record_output", "double %picked", "NOLABEL"),
            "  ret void",
        ]
    )
    counts = Simulator(qir.read(module(body)), seed=0).sample(5)
    group = RecordGroup("tuple", 5)
    assert counts == {(group, ("bool", 0), ("bool", 1), ("bool", 0), ("int", 20), ("double", 2.5)): 5}


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("form", ["text", "bitcode"])
def test_a_branch_goes_to_its_first_label_when_the_result_is_one(bit: int, form: str) -> None:
    lines = [call("qis__x__body", "Q0")] * bit + [call("qis__mz__body", "Q0", "R0")]
    lines += ["  %bit = call i1 @__quantum__rt__read_result(R0)", "  br i1 %bit, label %one, label %zero"]
    lines += ["one:", call("rt__int_record_output", "i64 1", "NOLABEL"), "  ret void"]
    lines += ["zero:", call("rt__int_record_output", "i64 0", "NOLABEL"), "  ret void"]
    source = module("\n".join(lines))
    if form == "bitcode":
        source = pyqir.Module.from_ir(pyqir.Context(), source.decode()).bitcode
    assert sampled(source, 10) == {str(bit): 10}


def test_a_result_read_where_the_program_ends_is_measured_before() -> None:
    lines = [call("qis__x__body", "Q0"), call("qis__mz__body", "Q0", "R0")]
    lines += ["  %bit = call i1 @__quantum__rt__read_result(R0)", "  %number = zext i1 %bit to i64"]
    lines += [call("rt__int_record_output", "i64 %number", "NOLABEL"), "  ret void"]
    assert sampled(module("\n".join(lines)), 10) == {"1": 10}


def test_a_module_is_parsed_once_and_each_reading_of_it_has_its_own_arguments() -> None:
    body = [call("qis__rx__body", "double %angle", "Q0"), call("qis__mz__body", "Q0", "R0"), *record_all(1)]
    reader = qir.Reader(module("\n".join([*body, "  ret void"]), header="void @main(double %angle)"))
    programs = [reader.read("main", [angle]) for angle in (0.0, math.pi, 0.0)]
    ones = [Simulator(program, seed=0).probabilities().get(1, 0.0) for program in programs]
    assert ones == [pytest.approx(share, abs=1e-12) for share in (0, 1, 0)]


def test_an_entry_point_takes_its_arguments() -> None:
    body = "\n".join(
        [call("qis__rx__body", "double %angle", "Q0"), call("qis__mz__body", "Q0", "R0"), *record_all(1), "  ret void"]
    )
    source = module(body, header="void @main(double %angle)")
    read = qir.read(source, arguments=[math.pi])
    assert Simulator(read, seed=0).probabilities() == {1: pytest.approx(1)}
    with pytest.raises(InvalidProgram, match="takes 1 arguments; 0 were given"):
        qir.read(source)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"", "0 functions with the entry_point attribute"),
        (b"define garbage", "does not parse: .*expected type"),
        (b"BC\xc0\xde cut short", "does not parse"),
        (b"\xff\xfe\x00", "neither LLVM bitcode nor LLVM text"),
        (module("  ret void").replace(b'"entry_point"', b""), "0 functions"),
        (module("\n".join([call("qis__cx__body", "Q1", "Q1"), "  ret void"])), "names one qubit twice"),
        (
            module("\n".join([call("qis__h__body", "Q7"), "  ret void"]), qubits=2),
            "Qubit 7 is used, but required_num_qubits is 2",
        ),
        (module("\n".join([call("qis__cx__body", "Q1"), "  ret void"])), "takes 0 angles and 2 qubits"),
        (module("\n".join([call("qis__rx__body", "Q1", "double 1.0"), "  ret void"])), "."),
    ],
)
def test_what_is_not_valid_is_refused_with_the_reason(program: bytes, message: str) -> None:
    with pytest.raises((InvalidProgram, UnsupportedProgram), match=message):
        qir.read(program)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (call("qis__fancy__body", "Q0"), "__quantum__qis__fancy__body"),
        ("  %c = call ptr @__quantum__rt__callable_create(NOLABEL)", "__quantum__rt__callable_create"),
        ("  %m = va_arg ptr null, i64", "va_arg"),
    ],
)
def test_qir_that_is_not_known_is_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(UnsupportedProgram, match=message):
        qir.read(module(f"{line}\n  ret void"))


def test_an_entry_point_is_found_by_name() -> None:
    assert qir.read(module("  ret void"), entry_point="main").width == 3
    with pytest.raises(InvalidProgram, match="no entry point named 'other'"):
        qir.read(module("  ret void"), entry_point="other")
