"""Whole QIR programs: calls, memory, and qubits, results and arrays that are made while the program runs."""

import math
import os
from collections import Counter
from typing import Any

import pytest

from local.execution import qir
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge
from local.execution.limits import Limits
from local.execution.noise import Noise
from local.execution.program import Program, RecordGroup
from local.execution.qir_unfolding import Unfolding
from local.execution.request import Request
from local.execution.run import run
from local.execution.simulator import Simulator
from tests.local.execution.exact import agrees

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # read when the package is imported
from qdk import Context, Result, TargetProfile
from qdk.simulation import run_qir

DECLARED = """
declare ptr @__quantum__rt__qubit_allocate()
declare ptr @__quantum__rt__qubit_allocate_array(i64)
declare void @__quantum__rt__qubit_array_allocate(i64, ptr, ptr)
declare void @__quantum__rt__qubit_release(ptr)
declare void @__quantum__rt__qubit_release_array(ptr)
declare ptr @__quantum__rt__array_create_1d(i32, i64)
declare ptr @__quantum__rt__array_get_element_ptr_1d(ptr, i64)
declare i64 @__quantum__rt__array_get_size_1d(ptr)
declare ptr @__quantum__rt__array_concatenate(ptr, ptr)
declare void @__quantum__rt__array_update_reference_count(ptr, i32)
declare ptr @__quantum__rt__tuple_create(i64)
declare ptr @__quantum__rt__result_get_one()
declare i1 @__quantum__rt__result_equal(ptr, ptr)
declare void @__quantum__rt__fail(ptr)
declare i1 @__quantum__rt__read_result(ptr)
declare void @__quantum__rt__write_result(i1, ptr)
declare void @__quantum__rt__int_record_output(i64, ptr)
declare void @__quantum__rt__bool_record_output(i1, ptr)
declare void @__quantum__rt__double_record_output(double, ptr)
declare void @__quantum__rt__result_record_output(ptr, ptr)
declare void @__quantum__rt__array_record_output(i64, ptr)
declare void @__quantum__rt__result_array_record_output(i64, ptr, ptr)
declare void @__quantum__rt__result_array_allocate(i64, ptr, ptr)
declare ptr @__quantum__qis__m__body(ptr)
declare ptr @__quantum__qis__measure__body(ptr, ptr)
declare void @__quantum__qis__mz__body(ptr, ptr)
declare void @__quantum__qis__h__body(ptr)
declare void @__quantum__qis__x__body(ptr)
declare void @__quantum__qis__cx__body(ptr, ptr)
declare void @__quantum__qis__x__ctl(ptr, ptr)
declare void @__quantum__qis__ry__ctl(ptr, ptr)
declare void @__quantum__qis__ry__ctladj(ptr, double, ptr)
declare void @__quantum__qis__ry__body(double, ptr)
declare void @__quantum__qis__ry__adj(double, ptr)
declare void @__quantum__qis__cry__body(double, ptr, ptr)
declare void @__quantum__qis__cswap__body(ptr, ptr, ptr)
declare void @__quantum__qis__iswap__body(ptr, ptr)
declare void @__quantum__qis__zzmax__body(ptr, ptr)
declare void @__quantum__qis__rxxyyzz__body(double, double, double, ptr, ptr)
"""
Q0, Q1, Q2 = (f"ptr inttoptr (i64 {number} to ptr)" for number in range(3))
ALLOCATE = "call ptr @__quantum__rt__qubit_allocate()"


def module(body: str, others: str = "", attributes: str = "") -> bytes:
    text = f"{others}\ndefine void @main() #0 {{\n{body}\n  ret void\n}}\n{DECLARED}\n"
    return (text + f'attributes #0 = {{ "entry_point" {attributes} }}\n').encode()


def counts(program: bytes, shots: int = 1000, **options: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for record, count in Simulator(qir.read(program), seed=7, **options).sample(shots).items():
        found[" ".join(f"{entry[1]:.9g}" for entry in record if isinstance(entry, tuple))] += count
    return found


def recorded(value: str, kind: str = "int", of: str = "i64") -> str:
    return f"  call void @__quantum__rt__{kind}_record_output({of} {value}, ptr null)"


def measured(qubit: str, result: str) -> str:
    return (
        f"  {result} = call ptr @__quantum__qis__m__body(ptr {qubit})\n"
        f"  call void @__quantum__rt__result_record_output(ptr {result}, ptr null)"
    )


FACTORIAL = """
define i64 @factorial(i64 %n) {
  %small = icmp sle i64 %n, 1
  br i1 %small, label %one, label %more
one:
  ret i64 1
more:
  %less = sub i64 %n, 1
  %rest = call i64 @factorial(i64 %less)
  %all = mul i64 %n, %rest
  ret i64 %all
}
"""


def test_a_function_that_calls_itself_gives_its_value_back() -> None:
    body = "  %f = call i64 @factorial(i64 10)\n" + recorded("%f")
    assert counts(module(body, FACTORIAL), 3) == {"3628800": 3}


def test_memory_arrays_structures_and_constants_of_the_module_hold_what_was_put_there() -> None:
    others = """
%Pair = type { i8, double, [2 x i64] }
@numbers = internal constant [2 x [2 x i64]] [[2 x i64] [i64 1, i64 -2], [2 x i64] [i64 30, i64 40]]
@pair = internal constant %Pair { i8 1, double 2.5, [2 x i64] zeroinitializer }
@third = internal constant ptr getelementptr inbounds ([2 x [2 x i64]], ptr @numbers, i64 0, i64 1, i64 0)
"""
    body = """
  %pair = alloca %Pair
  %part = getelementptr inbounds %Pair, ptr %pair, i32 0, i32 2, i64 1
  store i64 7, ptr %part
  %from = load double, ptr getelementptr inbounds (%Pair, ptr @pair, i32 0, i32 1)
  %minus = load i64, ptr getelementptr inbounds ([2 x [2 x i64]], ptr @numbers, i64 0, i64 0, i64 1)
  %where = load ptr, ptr @third
  %thirty = load i64, ptr %where
  %seven = load i64, ptr %part
  %sum = add i64 %thirty, %seven
  %total = add i64 %sum, %minus
"""
    body += recorded("%total") + "\n" + recorded("%from", "double", "double")
    assert counts(module(body, others), 2) == {"35 2.5": 2}


def test_allocated_qubits_run_all_shots_at_once_where_nothing_is_read() -> None:
    body = f"  %a = {ALLOCATE}\n  %b = {ALLOCATE}\n  call void @__quantum__qis__h__body(ptr %a)\n"
    body += "  call void @__quantum__qis__cx__body(ptr %a, ptr %b)\n" + measured("%a", "%r") + measured("%b", "%s")
    read = qir.read(module(body))
    assert isinstance(read, Program)
    assert read.width == 2
    assert len(read.blocks) == 1
    found = counts(module(body), 4000)
    assert agrees({(key,): count for key, count in found.items()}, {("0 0",): 0.5, ("1 1",): 0.5})


def test_a_qubit_that_is_given_back_is_used_again_and_starts_as_zero() -> None:
    body = f"  %a = {ALLOCATE}\n  call void @__quantum__qis__x__body(ptr %a)\n" + measured("%a", "%r")
    body += f"\n  call void @__quantum__rt__qubit_release(ptr %a)\n  %b = {ALLOCATE}\n" + measured("%b", "%s")
    read = qir.read(module(body))
    assert read.width == 1
    assert counts(module(body), 5) == {"1 0": 5}


ARRAY = """
  %all = call ptr @__quantum__rt__qubit_allocate_array(i64 3)
  %p0 = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %all, i64 0)
  %p1 = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %all, i64 1)
  %p2 = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %all, i64 2)
  %q0 = load ptr, ptr %p0
  %q1 = load ptr, ptr %p1
  %q2 = load ptr, ptr %p2
  %controls = call ptr @__quantum__rt__array_create_1d(i32 8, i64 2)
  %c0 = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %controls, i64 0)
  %c1 = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %controls, i64 1)
  store ptr %q0, ptr %c0
  store ptr %q1, ptr %c1
  call void @__quantum__qis__x__body(ptr %q0)
  call void @__quantum__qis__x__body(ptr %q1)
"""


def test_a_gate_under_an_array_of_controls_acts_where_all_are_one() -> None:
    body = f"{ARRAY}  call void @__quantum__qis__x__ctl(ptr %controls, ptr %q2)\n"
    body += measured("%q2", "%r") + "\n  call void @__quantum__qis__x__body(ptr %q0)\n"
    body += "  call void @__quantum__qis__x__ctl(ptr %controls, ptr %q2)\n" + measured("%q2", "%s")
    assert counts(module(body), 5) == {"1 1": 5}


def test_a_controlled_rotation_takes_its_angle_and_qubit_in_a_tuple_and_its_inverse_undoes_it() -> None:
    body = f"""{ARRAY}
  %pair = call ptr @__quantum__rt__tuple_create(i64 16)
  %angle = getelementptr {{ double, ptr }}, ptr %pair, i32 0, i32 0
  %qubit = getelementptr {{ double, ptr }}, ptr %pair, i32 0, i32 1
  store double {math.pi!r}, ptr %angle
  store ptr %q2, ptr %qubit
  call void @__quantum__qis__ry__ctl(ptr %controls, ptr %pair)
"""
    body += measured("%q2", "%r")
    body += f"\n  call void @__quantum__qis__ry__ctladj(ptr %controls, double {math.pi!r}, ptr %q2)\n"
    body += measured("%q2", "%s")
    assert counts(module(body), 5) == {"1 0": 5}


def test_a_product_of_pauli_operators_is_measured_over_all_its_qubits() -> None:
    """Of a Bell pair XX and ZZ are 0, YY is 1; none of them disturbs the others."""
    others = "\n".join(f"@p{code} = internal constant [2 x i8] [i8 {code}, i8 {code}]" for code in (1, 2, 3))
    body = """
  %all = call ptr @__quantum__rt__qubit_allocate_array(i64 2)
  %first = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %all, i64 0)
  %last = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %all, i64 1)
  %q0 = load ptr, ptr %first
  %q1 = load ptr, ptr %last
  call void @__quantum__qis__h__body(ptr %q0)
  call void @__quantum__qis__cx__body(ptr %q0, ptr %q1)
"""
    for code in (1, 2, 3):
        body += f"""
  %axes{code} = call ptr @__quantum__rt__array_create_1d(i32 1, i64 2)
  %a{code} = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %axes{code}, i64 0)
  %b{code} = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %axes{code}, i64 1)
  store i8 {code}, ptr %a{code}
  store i8 {code}, ptr %b{code}
  %r{code} = call ptr @__quantum__qis__measure__body(ptr %axes{code}, ptr %all)
  call void @__quantum__rt__result_record_output(ptr %r{code}, ptr null)
"""
    assert counts(module(body, others), 50) == {"0 0 1": 50}


def test_results_are_compared_and_written_while_the_program_runs() -> None:
    body = f"  %q = {ALLOCATE}\n  call void @__quantum__qis__h__body(ptr %q)\n" + measured("%q", "%r")
    body += """
  %one = call ptr @__quantum__rt__result_get_one()
  %same = call i1 @__quantum__rt__result_equal(ptr %r, ptr %one)
  call void @__quantum__rt__bool_record_output(i1 %same, ptr null)
  %not = xor i1 %same, true
  call void @__quantum__rt__write_result(i1 %not, ptr null)
  call void @__quantum__rt__result_record_output(ptr null, ptr null)
"""
    read = qir.read(module(body))
    assert isinstance(read, Unfolding)
    found = counts(module(body), 4000)
    assert agrees({(key,): count for key, count in found.items()}, {("0 0 1",): 0.5, ("1 1 0",): 0.5})


REPEAT = f"""
  %q = {ALLOCATE}
  br label %again
again:
  %tries = phi i64 [ 0, %0 ], [ %more, %again ]
  %more = add i64 %tries, 1
  call void @__quantum__qis__h__body(ptr %q)
  %r = call ptr @__quantum__qis__m__body(ptr %q)
  %bit = call i1 @__quantum__rt__read_result(ptr %r)
  br i1 %bit, label %done, label %again
done:
"""


def test_a_loop_until_success_counts_its_tries() -> None:
    found = counts(module(REPEAT + recorded("%more")), 4000)
    # From the second try on the qubit is 0 again, as measured: each try succeeds with one half.
    shares = {(str(tries),): 0.5**tries for tries in range(1, 20)}
    assert agrees({(key,): count for key, count in found.items()}, shares)


def test_a_result_recorded_before_it_is_measured_again_keeps_its_bit() -> None:
    body = f"""
  %n = alloca i64
  store i64 0, ptr %n
  call void @__quantum__qis__x__body({Q0})
  call void @__quantum__qis__mz__body({Q0}, ptr null)
  call void @__quantum__rt__result_record_output(ptr null, ptr null)
  call void @__quantum__qis__x__body({Q0})
  call void @__quantum__qis__mz__body({Q0}, ptr null)
  call void @__quantum__rt__result_record_output(ptr null, ptr null)
"""
    assert counts(module(body, attributes='"required_num_qubits"="1"'), 4) == {"1 0": 4}


def test_arrays_filled_in_the_programs_own_memory_hold_qubits_and_results() -> None:
    body = """
  %qubits = alloca [2 x ptr]
  %results = alloca [2 x ptr]
  call void @__quantum__rt__qubit_array_allocate(i64 2, ptr %qubits, ptr null)
  call void @__quantum__rt__result_array_allocate(i64 2, ptr %results, ptr null)
  %place = getelementptr [2 x ptr], ptr %qubits, i64 0, i64 1
  %q = load ptr, ptr %place
  %where = getelementptr [2 x ptr], ptr %results, i64 0, i64 1
  %r = load ptr, ptr %where
  call void @__quantum__qis__x__body(ptr %q)
  call void @__quantum__qis__mz__body(ptr %q, ptr %r)
  call void @__quantum__rt__result_array_record_output(i64 2, ptr %results, ptr null)
"""
    ((record, count),) = Simulator(qir.read(module(body)), seed=0).sample(3).items()
    assert (record, count) == ((RecordGroup("array", 2), ("result", 0), ("result", 1)), 3)


def test_pytkets_registers_hold_measured_bits_and_numbers() -> None:
    others = """
declare ptr @create_creg(i64)
declare void @mz_to_creg_bit(ptr, ptr, i64)
declare i1 @get_creg_bit(ptr, i64)
declare void @set_creg_bit(ptr, i64, i1)
declare void @set_creg_to_int(ptr, i64)
declare i64 @get_int_from_creg(ptr)
"""
    body = f"""
  %c = call ptr @create_creg(i64 4)
  call void @set_creg_to_int(ptr %c, i64 9)
  call void @__quantum__qis__x__body({Q0})
  call void @mz_to_creg_bit({Q0}, ptr %c, i64 1)
  call void @set_creg_bit(ptr %c, i64 0, i1 0)
  %bit = call i1 @get_creg_bit(ptr %c, i64 1)
  %all = call i64 @get_int_from_creg(ptr %c)
"""
    assert counts(module(body + recorded("%bit", "bool", "i1") + "\n" + recorded("%all"), others), 3) == {"1 10": 3}


SOURCES = {
    "loops, calls, recursion, arrays and values": """
operation Rec(n : Int, q : Qubit) : Unit { if n > 0 { Ry(0.4, q); Rec(n - 1, q); } }
operation Sub(q : Qubit[], a : Double) : Int {
    mutable s = 0;
    for x in q { Rx(a, x); if MResetZ(x) == One { set s += 1; } }
    return s;
}
operation Main() : (Int, Result[], Bool, Double) {
    use qs = Qubit[3];
    mutable count = 0; mutable x = 0.5; mutable r = Zero;
    repeat { H(qs[0]); set r = M(qs[0]); set count += 1; set x *= 2.0; if r == One { X(qs[0]); } }
    until r == One or count > 3;
    let n = Sub(qs, x);
    Rec(3, qs[0]);
    Controlled X(qs[0..1], qs[2]);
    Adjoint S(qs[0]);
    Controlled Ry([qs[0]], (1.3, qs[1]));
    for i in 0..2 { if i < n { X(qs[i]); } }
    return (count, MResetEachZ(qs), n > 1, x);
}""",
    "teleportation in functions": """
operation Send(message : Qubit, here : Qubit, there : Qubit) : Unit {
    H(here); CNOT(here, there); CNOT(message, here); H(message);
    if M(here) == One { X(there); }
    if M(message) == One { Z(there); }
    Reset(message); Reset(here);
}
operation Main() : Result {
    use (a, b, c) = (Qubit(), Qubit(), Qubit());
    Ry(1.0, a); Rz(0.7, a);
    Send(a, b, c);
    Rx(0.9, c);
    return MResetZ(c);
}""",
    "the number of ones decides": """
operation Main() : (Int, Result) {
    use (qs, flag) = (Qubit[4], Qubit());
    mutable ones = 0;
    for q in qs { Ry(0.9, q); if MResetZ(q) == One { set ones += 1; } }
    mutable turns = 0;
    while turns < ones { Ry(0.3, flag); set turns += 1; }
    return (ones, MResetZ(flag));
}""",
}


def shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(shown(item) for item in value)
    return f"{int(value == Result.One):g}" if isinstance(value, Result) else f"{value:g}"


@pytest.mark.parametrize("name", SOURCES)
def test_q_sharp_of_the_newest_profile_runs_as_in_the_qdks_own_simulator(name: str) -> None:
    context = Context(target_profile=TargetProfile.Adaptive)
    context.eval(SOURCES[name])
    program = str(context.compile("Main()"))
    assert "alloca" in program or "define internal" in program
    theirs = Counter(shown(outcome) for outcome in run_qir(program, shots=8000, seed=3, type="cpu"))
    mine = counts(program.encode(), 8000)
    rare = {key for key in mine.keys() | theirs.keys() if mine[key] + theirs[key] < 40}
    for counter in (mine, theirs):
        counter["rare"] = sum(counter.pop(key, 0) for key in rare)
    keys = [key for key in mine.keys() | theirs.keys() if mine[key] + theirs[key]]
    statistic = sum((mine[key] - theirs[key]) ** 2 / (mine[key] + theirs[key]) for key in keys)
    # Chi-square above its mean plus seven deviations: by chance less than once in a million.
    assert statistic < len(keys) + 7 * math.sqrt(2 * len(keys)), (mine, theirs)


NAMED = [
    # Each program ends in one certain bit string, other than without the gate.
    (f"cry__body(double {math.pi!r}, {Q0}, {Q1})", "1 1 0"),
    (f"cswap__body({Q0}, {Q1}, {Q1})", None),
    (f"iswap__body({Q0}, {Q1})", "0 1 0"),
    (f"ry__adj(double {math.pi!r}, {Q2})", "1 0 1"),
    (f"rxxyyzz__body(double {math.pi!r}, double 0.0, double 0.3, {Q0}, {Q2})", "0 0 1"),
]


@pytest.mark.parametrize(("call", "bits"), NAMED)
def test_gates_by_all_their_names_act(call: str, bits: str | None) -> None:
    body = f"  call void @__quantum__qis__x__body({Q0})\n  call void @__quantum__qis__{call}\n"
    body += "\n".join(measured(qubit.removeprefix("ptr "), f"%r{number}") for number, qubit in enumerate((Q0, Q1, Q2)))
    if bits is None:
        with pytest.raises(InvalidProgram, match="names one qubit twice"):
            qir.read(module(body))
    else:
        assert counts(module(body), 4) == {bits: 4}


def noisy(body: str) -> Counter[str]:
    return counts(module(body), 3000, noise=Noise(one_qubit=0.05, read_0_as_1=0.1))


def test_noise_acts_on_programs_that_read_results() -> None:
    found = noisy(REPEAT + recorded("%more"))
    # A flip of 0 ends the loop early: the first try succeeds with 0.5 + 0.5 x 0.1.
    assert agrees({(key == "1",): count for key, count in {"1": found["1"], "x": 3000 - found["1"]}.items()},
                  {(True,): 0.55, (False,): 0.45})  # fmt: skip


def wide(gate: str) -> bytes:
    body = REPEAT + "\n".join(
        f"  %n{number} = {ALLOCATE}\n  call void @__quantum__qis__{gate.format(f'ptr %n{number}')}"
        for number in range(40)
    )
    return module(body + "\n" + measured("%n39", "%last"))


def test_a_program_that_grows_beyond_the_state_vector_goes_on_with_stabilizers() -> None:
    assert counts(wide("x__body({})"), 30) == {"1": 30}
    with pytest.raises(ProgramTooLarge, match="uses 41 qubits; the local engine simulates at most 26"):
        counts(wide("ry__body(double 0.3, {})"), 30)


def request(**options: Any) -> Request:
    return Request("qir.v1", "microsoft.quantum-results.v2", 100, seed=3, **options)


def test_a_target_of_the_base_profile_refuses_a_program_that_reads_results() -> None:
    program = module(REPEAT)
    with pytest.raises(ExecutionError, match="base profile only"):
        run(request(profile="base"), program, Limits())
    with pytest.raises(ProgramTooLarge, match="more than 1 qubits at one time"):
        run(request(qubits=1), module(f"  %a = {ALLOCATE}\n  %b = {ALLOCATE}"), Limits())


def test_a_syntax_checker_gives_zeros_and_costs_count_one_shot() -> None:
    body = f"  %q = {ALLOCATE}\n  call void @__quantum__qis__x__body(ptr %q)\n" + measured("%q", "%r")
    body += "\n  %bit = call i1 @__quantum__rt__read_result(ptr %r)\n" + recorded("%bit", "bool", "i1")
    answer = run(request(semantics="zeros"), module(body), Limits())
    assert b'"Display": "(0, false)", "Count": 100' in answer.document
    answer = run(request(), module(body), Limits())
    assert b'"Display": "(1, true)", "Count": 100' in answer.document
    assert (answer.usage.one_qubit_gates, answer.usage.measurements) == (1, 1)


ENDLESS = "define void @again() {\n  call void @again()\n  ret void\n}"
CYCLE = """  br label %a
a:
  %n = phi i64 [ 0, %0 ], [ %m, %b ]
  %q = inttoptr i64 %n to ptr
  br label %b
b:
  %m = phi i64 [ %n, %a ]
  br label %a
end:
"""


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (module("  call void @again()", ENDLESS), "10000 calls deep"),
        (module(CYCLE + recorded("%q", "int", "ptr").replace("ptr %q", "i64 0")), "never ends: it comes back"),
        (module("  %a = alloca [100000000000 x i64]"), "allocates more than"),
        (module("  %a = alloca i64, i64 -1"), "allocates -8 bytes"),
        (module("  %a = call ptr @__quantum__rt__qubit_allocate_array(i64 1000000000)"), "array of 1000000000 qubits"),
        (module("  %a = call ptr @__quantum__rt__qubit_allocate_array(i64 5000)"), "more than 1024 qubits"),
        (module("  %a = call ptr @__quantum__rt__array_create_1d(i32 8, i64 -4)"), "array of -4 items"),
        (
            module(
                "  %a = call ptr @__quantum__rt__array_create_1d(i32 8, i64 2)\n"
                "  %p = call ptr @__quantum__rt__array_get_element_ptr_1d(ptr %a, i64 2)"
            ),
            "Item 2 of an array of 2",
        ),
        (module("  %a = alloca i64\n  %v = load i64, ptr %a"), "memory that it has not written"),
        (module("  store i64 1, ptr null"), "memory that it has not allocated"),
        (module("  %v = load i64, ptr inttoptr (i64 99 to ptr)"), "has not written"),
        (module("  %a = alloca i64\n  call void @__quantum__qis__x__body(ptr %a)"), "used as a qubit, and is none"),
        (module("  call void @__quantum__rt__qubit_release(ptr null)"), "no qubit that it has allocated"),
        (module("  call void @__quantum__rt__fail(ptr null)\n  unreachable\nnext:"), "calls __quantum__rt__fail"),
        (module("  unreachable\nnext:"), "marks as unreachable"),
        (module("  br label %nowhere"), "does not parse"),
        (module("  %a = add i64 %b, 1"), "does not parse"),
        (
            module("  %a = alloca i64\n  br label %x\nx:\n  %v = add i64 %v, 1"),
            "not a valid LLVM module|does not parse",
        ),
    ],
)
def test_a_hostile_program_fails_with_the_reason(program: bytes, message: str) -> None:
    with pytest.raises(ExecutionError, match=message):
        Simulator(qir.read(program), seed=0, limits=Limits(operations=100_000)).sample(10)


def test_a_variable_of_a_function_is_gone_when_it_returns() -> None:
    others = "define ptr @keep() {\n  %v = alloca i64\n  store i64 5, ptr %v\n  ret ptr %v\n}"
    body = "  %p = call ptr @keep()\n  %v = load i64, ptr %p"
    with pytest.raises(InvalidProgram, match="has not written"):
        qir.read(module(body, others))


@pytest.mark.parametrize(
    ("predicate", "left", "expected"),
    [
        ("ult", "-1.5", 1),
        ("ugt", "-1.5", 0),
        ("ult", "%none", 1),
        ("olt", "%none", 0),
        ("one", "%none", 0),
        ("uno", "%none", 1),
        ("ord", "1.0", 1),
        ("une", "%none", 1),
        ("ueq", "%none", 1),
        ("oge", "%endless", 1),
    ],
)
def test_floating_point_compares_as_ieee_754_does(predicate: str, left: str, expected: int) -> None:
    body = f"""
  %q = call ptr @__quantum__rt__qubit_allocate()
  %endless = fdiv double 1.0, 0.0
  %none = fdiv double 0.0, 0.0
  %found = fcmp {predicate} double {left}, 1.0
"""
    assert counts(module(body + recorded("%found", "bool", "i1")), 2) == {str(expected): 2}
