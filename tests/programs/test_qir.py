"""QIR text and bitcode: golden texts, what other compilers write, faults with their lines, hostile modules."""

import base64
import random
from pathlib import Path

import pyqir
import pytest

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs import Bit, Gate, If, Limits, Measure, Program, Register, Reset, read_program, write_qir
from quantum_jobs.programs.ir import HIDDEN
from quantum_jobs.programs.qir_bitcode import disassembled
from tests.programs import referee
from tests.programs.test_faults import HEAD, MEASURED
from tests.programs.test_feed_forward import TELEPORT

GOLDEN = {"bell": HEAD + "h q[0];\ncx q[0], q[1];" + MEASURED, "teleport": TELEPORT}


def golden(name: str) -> str:
    return Path(__file__).with_name(f"{name}.ll").read_text()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_written_text_is_the_golden_one_and_llvm_accepts_it(name: str) -> None:
    written = write_qir(read_program("openqasm3", GOLDEN[name]))
    assert written == golden(name)
    assert pyqir.Module.from_ir(pyqir.Context(), written).verify() is None


def module(body: str, qubits: int = 2, results: int = 2, labels: str = "") -> str:
    attributes = f'"entry_point" "required_num_qubits"="{qubits}" "required_num_results"="{results}"'
    head = f"%Result = type opaque\n%Qubit = type opaque\n{labels}\n"
    return f"{head}define void @main() #0 {{\nentry:\n{body}\n}}\nattributes #0 = {{ {attributes} }}\n"


def qis(name: str, *operands: str) -> str:
    return f"  call void @__quantum__qis__{name}({', '.join(operands)})\n"


def q(number: int) -> str:
    return f"%Qubit* inttoptr (i64 {number} to %Qubit*)"


def r(number: int) -> str:
    return f"%Result* inttoptr (i64 {number} to %Result*)"


def record(*numbers: int) -> str:
    calls = (f"  call void @__quantum__rt__result_record_output({r(number)}, i8* null)\n" for number in numbers)
    return "".join(calls) + "  ret void"


def read(body: str, **sizes: int) -> Program:
    return read_program("qir", module(body, **sizes))


def test_every_gate_of_the_standard_set_is_read() -> None:
    body = "".join(qis(f"{name}__body", q(0)) for name in ("h", "x", "y", "z", "s", "t"))
    body += qis("s__adj", q(0)) + qis("t__adj", q(0))
    body += "".join(qis(f"{name}__body", "double -1.5e+00", q(1)) for name in ("rx", "ry", "rz"))
    body += "".join(qis(f"{name}__body", q(0), q(1)) for name in ("cx", "cnot", "cz", "cy", "swap"))
    body += qis("rzz__body", "double 0x3FF8000000000000", q(0), q(1)) + qis("ccx__body", q(0), q(1), q(2))
    program = read(body + qis("mz__body", q(0), r(0)) + record(0), qubits=3)
    names = [operation.name for operation in program.operations if isinstance(operation, Gate)]
    assert names == [
        "h",
        "x",
        "y",
        "z",
        "s",
        "t",
        "sdg",
        "tdg",
        "rx",
        "ry",
        "rz",
        "cx",
        "cx",
        "cz",
        "cy",
        "swap",
        "rzz",
        "ccx",
    ]
    assert program.operations[-3] == Gate("rzz", (0, 1), (1.5,))


def test_measurements_of_all_kinds_are_read() -> None:
    body = qis("mz__body", q(0), r(0)) + qis("m__body", q(0), r(1)) + qis("mresetz__body", q(1), r(2)) + record(0, 1, 2)
    assert read(body, results=3).operations == (
        Measure(0, Bit(0, 0)),
        Measure(0, Bit(0, 1)),
        Measure(1, Bit(0, 2)),
        Reset(1),
    )


def test_opaque_pointers_are_read_like_typed_ones() -> None:
    typed = module(qis("cx__body", "%Qubit* null", q(1)) + qis("mz__body", q(1), r(1)) + record(1))
    opaque = typed.replace("%Qubit*", "ptr").replace("%Result*", "ptr").replace("i8*", "ptr")
    assert "ptr inttoptr (i64 1 to ptr)" in opaque
    assert read_program("qir", opaque) == read_program("qir", typed)


def test_registers_come_from_the_recorded_containers() -> None:
    labels = '@0 = internal constant [2 x i8] c"a\\00"\n@1 = internal constant [5 x i8] c"b\\C3\\A9\\22\\00"'
    get = "i8* getelementptr inbounds ([2 x i8], [2 x i8]* @{}, i32 0, i32 0)"
    rt = "  call void @__quantum__rt__"
    body = "".join(qis("mz__body", q(0), r(number)) for number in range(4))
    body += f"{rt}tuple_record_output(i64 3, i8* null)\n{rt}array_record_output(i64 2, {get.format(0)})\n"
    body += f"{rt}result_record_output({r(2)}, i8* null)\n{rt}result_record_output({r(0)}, i8* null)\n"
    body += f"{rt}array_record_output(i64 1, {get.format(1)})\n{rt}result_record_output({r(1)}, i8* null)\n"
    body += f"{rt}result_record_output({r(3)}, i8* null)\n  ret void"
    program = read_program("qir", module(body, results=4, labels=labels))
    assert program.registers == (Register("a", 2), Register('bé"', 1), Register("c0", 1))
    assert [item.bit for item in program.operations if isinstance(item, Measure)] == [
        Bit(0, 1),
        Bit(1, 0),
        Bit(0, 0),
        Bit(2, 0),
    ]


def test_measured_results_that_are_not_recorded_are_hidden_bits() -> None:
    body = qis("h__body", q(0)) + qis("mz__body", q(0), r(0))
    body += f"  %1 = call i1 @__quantum__qis__read_result__body({r(0)})\n  br i1 %1, label %a, label %b\na:\n"
    body += qis("x__body", q(1)) + "  br label %b\nb:\n" + qis("mz__body", q(1), r(1)) + record(1)
    program = read(body)
    assert (program.registers, program.hidden_bits) == ((Register("c0", 1),), 1)
    assert program.operations[2] == If((Bit(HIDDEN, 0),), 1, (Gate("x", (1,)),))
    again = read_program("qir", write_qir(program))
    assert referee.distribution(again) == pytest.approx({"0": 0.5, "1": 0.5})


def test_results_that_measurements_return_can_be_read_and_recorded() -> None:
    body = f"  %0 = call %Result* @__quantum__qis__m__body({q(0)})\n  call void @__quantum__rt__initialize(i8* null)\n"
    body += "  call void @__quantum__rt__result_record_output(%Result* %0, i8* null)\n  ret void"
    assert read(body, results=0).operations == (Measure(0, Bit(0, 0)),)


FAULTY = {
    "unknown-gate": (
        qis("foo__body", q(0)) + record(0),
        [(6, 3, "the call of __quantum__qis__foo__body is not supported")],
    ),
    "qubit": (qis("h__body", q(7)) + record(0), [(6, 3, "qubit 7 is not among the 2 that the entry point requires")]),
    "twice": (qis("cx__body", q(1), q(1)) + record(0), [(6, 3, "the same qubit is used twice")]),
    "angle": (qis("rx__body", "double %x", q(1)) + record(0), [(6, 3, "a constant angle is needed, not 'double %x'")]),
    "infinite": (
        qis("rx__body", "double 0x7FF0000000000000", q(1)) + record(0),
        [(6, 3, "a finite angle of type double is needed, not 'double 0x7FF0000000000000'")],
    ),
    "two": (
        qis("h__body", q(7)) + "  %2 = add i64 1, 2\n" + qis("rx__body", q(0)) + record(0),
        [
            (6, 3, "qubit 7 is not among the 2 that the entry point requires"),
            (7, 3, "the instruction is not supported: %2 = add i64 1, 2"),
            (8, 3, "__quantum__qis__rx__body takes 2 arguments, not 1"),
        ],
    ),
    "nothing": (qis("h__body", q(0)) + "  ret void", [(5, 1, "the program records no result")]),
    "condition": (
        "  br i1 %x, label %a, label %b\na:\n  br label %b\nb:\n" + record(0),
        [(6, 3, "the condition is not a measured result")],
    ),
    "no-block": ("  br label %nowhere\na:\n" + record(0), [(6, 3, "there is no block nowhere")]),
    "recorded-twice": (qis("mz__body", q(0), r(0)) + record(0, 0), [(5, 1, "a result is recorded twice")]),
}


def faults_of(source: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("qir", source)
    return raised.value.faults


@pytest.mark.parametrize("name", FAULTY)
def test_all_faults_are_named_with_their_lines(name: str) -> None:
    body, expected = FAULTY[name]
    assert [(fault.line, fault.column, fault.detail) for fault in faults_of(module(body))] == expected


def test_a_loop_is_refused() -> None:
    body = f"  br label %again\nagain:\n{qis('mz__body', q(0), r(0))}"
    body += f"  %1 = call i1 @__quantum__qis__read_result__body({r(0)})\n"
    faults = faults_of(module(body + "  br i1 %1, label %again, label %out\nout:\n" + record(0)))
    assert ["a jump backwards" in fault.detail for fault in faults] == [True]


def test_a_result_measured_again_before_its_branch_is_refused() -> None:
    body = qis("mz__body", q(0), r(0)) + f"  %1 = call i1 @__quantum__qis__read_result__body({r(0)})\n"
    body += qis("mz__body", q(1), r(0)) + "  br i1 %1, label %a, label %b\na:\n  br label %b\nb:\n" + record(0)
    assert "measured again" in faults_of(module(body))[0].detail


def test_exactly_one_entry_point_and_its_counts_are_needed() -> None:
    text = module(qis("mz__body", q(0), r(0)) + record(0))
    assert "0 functions have the attribute entry_point" in faults_of(text.replace('"entry_point"', ""))[0].detail
    second = text.replace("attributes", "define void @other() #0 {\n  ret void\n}\nattributes", 1)
    assert "2 functions have" in faults_of(second)[0].detail
    assert "required_num_qubits" in faults_of(text.replace('"required_num_qubits"="2"', ""))[0].detail
    assert "at most 1,024" in faults_of(text.replace('qubits"="2"', 'qubits"="99999999999"'))[0].detail


def test_bitcode_is_read_like_its_text_also_from_base64() -> None:
    text = golden("teleport")
    bitcode = pyqir.Module.from_ir(pyqir.Context(), text).bitcode
    program = read_program("qir", text)
    assert read_program("qir", bitcode) == program
    assert read_program("qir", base64.b64encode(bitcode).decode()) == program


def test_faults_of_bitcode_have_no_lines() -> None:
    bitcode = pyqir.Module.from_ir(
        pyqir.Context(), golden("bell").replace("i64 1 to %Qubit", "i64 9 to %Qubit")
    ).bitcode
    assert {fault.line for fault in faults_of(bitcode)} == {None}


@pytest.mark.parametrize("length", [4, 100, 1_000, 2_000])
def test_truncated_bitcode_is_refused(length: int) -> None:
    bitcode = pyqir.Module.from_ir(pyqir.Context(), golden("bell")).bitcode
    assert "not readable" in faults_of(bitcode[:length])[0].detail


def damaged(data: bytes, randomly: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(randomly.choice([1, 2, 20])):
        changed[randomly.randrange(4, len(changed))] = randomly.randrange(256)
    return bytes(changed)


def survives(source: str | bytes) -> bool:
    """Read or refuse with faults; anything else is raised."""
    try:
        read_program("qir", source)
    except ProgramInvalid as error:
        return bool(error.faults)
    return True


def test_damaged_bitcode_never_harms_the_service() -> None:
    bitcode = pyqir.Module.from_ir(pyqir.Context(), golden("teleport")).bitcode
    randomly = random.Random(3)
    assert all(survives(damaged(bitcode, randomly)) for _ in range(15))


@pytest.mark.long
def test_bitcode_damaged_in_many_ways_never_harms_the_service() -> None:
    """About one in 200 ends LLVM's process: here it is the child's."""
    bitcode = pyqir.Module.from_ir(pyqir.Context(), golden("teleport")).bitcode
    randomly = random.Random(4)
    assert all(survives(damaged(bitcode, randomly)) for _ in range(1_000))


def test_damaged_text_is_refused_or_read() -> None:
    randomly = random.Random(5)
    text = golden("teleport").encode()
    assert all(survives(damaged(text, randomly).decode(errors="replace")) for _ in range(500))


def test_long_and_branching_modules_are_bounded() -> None:
    """Each test shares its arms with the next without a join: written out they would be 2**60 operations."""
    count = 60
    lines = [qis("mz__body", q(0), r(0)), "  br label %a0\n"]
    for number in range(count):
        following = [f"{side}{number + 1}" if number < count - 1 else "out" for side in "ab"]
        for side in "ab":
            lines.append(f"{side}{number}:\n{qis('x__body', q(1))}")
            lines.append(f"  %{side}v{number} = call i1 @__quantum__qis__read_result__body({r(0)})\n")
            lines.append(f"  br i1 %{side}v{number}, label %{following[0]}, label %{following[1]}\n")
    faults = faults_of(module("".join(lines) + "out:\n" + record(0)))
    assert "more operations or deeper branches" in faults[0].detail


def test_a_hundred_thousand_instructions_are_read_and_one_more_is_refused() -> None:
    limits = Limits(operations=1_000)
    body = qis("h__body", q(0)) * 999 + qis("mz__body", q(0), r(0)) + record(0)
    assert len(read_program("qir", module(body), limits=limits).operations) == 1_000
    with pytest.raises(ProgramInvalid):
        read_program("qir", module(qis("h__body", q(0)) + body), limits=limits)


def test_the_child_gives_text_that_llvm_reads_again() -> None:
    bitcode = pyqir.Module.from_ir(pyqir.Context(), golden("bell")).bitcode
    assert pyqir.Module.from_ir(pyqir.Context(), disassembled(bitcode)).verify() is None


@pytest.mark.parametrize(
    "piece",
    ["define i64 @a(", "@a(", "@a)", " ", '"', "[1", "call ", "#0 ", '";', "(", ")", "i8* null, ", "%a = call "],
)
@pytest.mark.parametrize("start", ["define i64 ", "  call ", "@a = ", "attributes #0 = {", "  br i1 ", ""])
def test_a_long_line_takes_time_in_proportion(start: str, piece: str) -> None:
    """In the square of its length, any of these would take minutes."""
    line = start + piece * (2**18 // len(piece)) + "x"
    for text in (line, module(f"  {line}\n")):
        assert faults_of(text)
