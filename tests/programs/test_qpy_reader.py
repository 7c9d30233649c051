"""Qiskit's files mean what Qiskit says; damaged and hostile ones are refused in bounded time and memory."""

import base64
import random
import struct

import pytest

from quantum_jobs.errors import Fault, ProgramInvalid
from quantum_jobs.programs import Gate, Limits, Program, Register, program_inputs, read_program, read_sweep
from tests.programs import referee
from tests.programs.qpy_samples import MEANINGS, samples

SAMPLES = samples()
SOME = base64.b64decode(SAMPLES["bell"]["17"])


def faults_of(source: str | bytes, **parameters: float) -> tuple[Fault, ...]:
    with pytest.raises(ProgramInvalid) as raised:
        read_program("qiskit-qpy", source, parameters)
    return raised.value.faults


@pytest.mark.parametrize(
    ("name", "version"), [(name, version) for name in MEANINGS for version in SAMPLES[name]], ids=str
)
def test_a_file_means_what_the_same_program_in_openqasm_means(name: str, version: str) -> None:
    program = read_program("qiskit-qpy", SAMPLES[name][version])
    expected = read_program("openqasm3", MEANINGS[name])
    assert program.registers == expected.registers
    assert referee.distance(referee.distribution(program), referee.distribution(expected)) < 1e-9


def test_all_versions_of_a_file_are_the_same_program() -> None:
    for name, versions in SAMPLES.items():
        programs = {read_program("qiskit-qpy", source, limits=Limits()) for source in versions.values()}
        assert len(programs) == 1, name


def test_bell_has_the_register_that_qiskit_named() -> None:
    program = read_program("qiskit-qpy", SAMPLES["bell"]["18"])
    assert program.registers == (Register("meas", 2),)
    assert program.operations[:2] == (Gate("h", (0,)), Gate("cx", (0, 1)))


def test_the_bytes_themselves_are_taken_too() -> None:
    assert read_program("qiskit-qpy", SOME) == read_program("qiskit-qpy", SAMPLES["bell"]["17"])


# A writer of small files, as the format's documentation says, for what Qiskit itself would not write.


def typed(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!cQ", kind, len(data)) + data


def angle(value: float) -> bytes:
    return typed(b"f", struct.pack("<d", value))


def parameter(name: str) -> bytes:
    return typed(b"p", struct.pack("!H16s", len(name), bytes(16)) + name.encode())


def element(name: str, index: int) -> bytes:
    return typed(b"v", struct.pack("!HQ16sQ", len(name), 4, bytes(16), index) + name.encode())


def instruction(
    name: str,
    qubits: tuple[int, ...] = (),
    bits: tuple[int, ...] = (),
    parameters: tuple[bytes, ...] = (),
    extras: int = 0,
    controls: tuple[int, int] = (0, 0),
) -> bytes:
    counts = (len(name), 0, len(parameters), len(qubits), len(bits), extras, 0, 0, *controls)
    places = [struct.pack("!cI", kind, place) for kind, listed in ((b"q", qubits), (b"c", bits)) for place in listed]
    return struct.pack("!HHHIIBHqII", *counts) + name.encode() + b"".join(places) + b"".join(parameters)


def circuit(
    qubits: int, bits: int, *instructions: bytes, definitions: tuple[bytes, ...] = (), count: int = -1
) -> bytes:
    number = len(instructions) if count < 0 else count
    head = struct.pack("!HcHIIQIQI", 0, b"i", 8, qubits, bits, 0, 0, number, 0) + struct.pack("!q", 0)
    return head + struct.pack("!Q", len(definitions)) + b"".join((*definitions, *instructions)) + bytes(2)


def definition(name: str, qubits: int, inner: bytes) -> bytes:
    return struct.pack("!H1cII?QIIQ", len(name), b"g", qubits, 0, True, len(inner), 0, 0, 0) + name.encode() + inner


def file_of(body: bytes, version: int = 13, count: int = 1) -> bytes:
    return b"QISKIT" + struct.pack("!BBBBQc", version, 1, 3, 0, count, b"p") + b"q" + body


MEASURE = instruction("Measure", (0,), (0,))


def read(*instructions: bytes, **parameters: float) -> Program:
    return read_program("qiskit-qpy", file_of(circuit(3, 1, *instructions, MEASURE)), parameters)


@pytest.mark.parametrize("value", [0.1, -7.25, 1e-300, 5e-324, 1e300, -0.0])
def test_an_angle_survives_to_the_last_bit(value: float) -> None:
    gate = read(instruction("RZGate", (1,), (), (angle(value),))).operations[0]
    assert isinstance(gate, Gate)
    assert repr(gate.angles) == repr((value,))


def test_parameters_are_bound_by_name_and_sweeps_read_the_file_once() -> None:
    body = circuit(1, 1, instruction("RXGate", (0,), (), (parameter("a"),)), MEASURE)
    vector = circuit(1, 1, instruction("RXGate", (0,), (), (element("v", 2),)), MEASURE)
    assert [item.name for item in program_inputs("qiskit-qpy", file_of(body))] == ["a"]
    assert [item.name for item in program_inputs("qiskit-qpy", file_of(vector))] == ["v[2]"]
    swept = read_sweep("qiskit-qpy", file_of(body), [{"a": 0.5}, {"a": -2.0}])
    assert [program.operations[0] for program in swept] == [Gate("rx", (0,), (0.5,)), Gate("rx", (0,), (-2.0,))]
    assert "'a' has no value" in faults_of(file_of(body))[0].detail
    assert faults_of(file_of(body), a=1.0, b=2.0)[0].pointer == "/program/parameters/b"


REFUSED = {
    "while": (instruction("WhileLoopOp", (0,), (0,)), "no target repeats"),
    "switch": (instruction("SwitchCaseOp", (0,), (0,)), "SwitchCaseOp is not supported"),
    "delay": (instruction("Delay", (0,), (), (angle(1),)), "their own timing"),
    "unknown": (instruction("UnitaryGate", (0,), (), (typed(b"n", b"?"),)), "not a number"),
    "unknown-class": (instruction("__class__", (0,)), "__class__ is not supported"),
    "expression": (instruction("RXGate", (0,), (), (typed(b"e", b"?"),)), "expression of parameters"),
    "infinite": (instruction("RXGate", (0,), (), (angle(float("inf")),)), "not finite"),
    "nan": (instruction("RXGate", (0,), (), (angle(float("nan")),)), "not finite"),
    "too-few-angles": (instruction("RXGate", (0,)), "RXGate is not supported"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_run_is_refused_by_name_and_number(name: str) -> None:
    item, detail = REFUSED[name]
    (fault,) = faults_of(file_of(circuit(3, 1, instruction("HGate", (0,)), item, MEASURE)))
    assert fault.detail.startswith("instruction 1 (")
    assert detail in fault.detail


def test_every_instruction_that_cannot_run_is_told() -> None:
    wrong = instruction("Delay", (0,))
    assert len(faults_of(file_of(circuit(1, 1, wrong, MEASURE, wrong)))) == 2


def nested(depth: int) -> bytes:
    inner = circuit(1, 1, MEASURE)
    for _ in range(depth):
        inner = circuit(1, 1, instruction("BoxOp", (0,), (0,), (typed(b"q", inner),)))
    return inner


def doubling(depth: int, last: tuple[bytes, ...]) -> bytes:
    inner = circuit(1, 0, *last)
    for _ in range(depth):
        twice = instruction("g", (0,)), instruction("g", (0,))
        inner = circuit(1, 0, *twice, definitions=(definition("g", 1, inner),))
    return circuit(1, 1, instruction("g", (0,)), MEASURE, definitions=(definition("g", 1, inner),))


def looped(*values: bytes, body: bytes) -> bytes:
    return instruction("ForLoopOp", (0,), (0,), (*values, typed(b"z", b""), typed(b"q", body)))


ENDLESS = typed(b"r", struct.pack("!qqq", 0, 2**62, 1))
MANY = typed(b"r", struct.pack("!qqq", 0, 1_000, 1))
HOSTILE = {
    "nothing": b"",
    "zeros": bytes(60_000),
    "head-only": file_of(b""),
    "no-circuit": file_of(circuit(1, 1, MEASURE), count=0),
    "many-circuits": file_of(circuit(1, 1, MEASURE), count=2**63),
    "old-version": file_of(circuit(1, 1, MEASURE), version=12),
    "new-version": file_of(circuit(1, 1, MEASURE), version=19),
    "qubits": file_of(circuit(2**32 - 1, 1, MEASURE)),
    "bits": file_of(circuit(1, 2**32 - 1, MEASURE)),
    "instructions": file_of(circuit(1, 1, MEASURE, count=2**63)),
    "no-measurement": file_of(circuit(1, 1, instruction("HGate", (0,)))),
    "qubit-that-is-not-there": file_of(circuit(1, 1, instruction("HGate", (7,)), MEASURE)),
    "bit-that-is-not-there": file_of(circuit(1, 1, instruction("Measure", (0,), (7,)))),
    "qubit-twice": file_of(circuit(2, 1, instruction("CXGate", (1, 1)), MEASURE)),
    "too-few-qubits": file_of(circuit(2, 1, instruction("CXGate", (1,)), MEASURE)),
    "measure-of-nothing": file_of(circuit(1, 1, instruction("Measure"))),
    "nested": file_of(nested(300)),
    "doubling": file_of(doubling(40, (instruction("XGate", (0,)),))),
    "endless-loop": file_of(circuit(1, 1, looped(ENDLESS, body=circuit(1, 1, MEASURE)))),
    "loops-in-loops": file_of(
        circuit(
            1, 1, looped(MANY, body=circuit(1, 1, looped(MANY, body=circuit(1, 1, looped(MANY, body=circuit(1, 1))))))
        )
    ),
    "many-controls": file_of(circuit(900, 1, instruction("MCXGate", tuple(range(900)), controls=(899, 0)), MEASURE)),
    "billions-of-controls": file_of(circuit(1, 1, instruction("MCXGate", (0,), controls=(2**32 - 1, 0)), MEASURE)),
    "condition-without-one": file_of(circuit(1, 1, instruction("IfElseOp", (0,), (0,)))),
    "no-body": file_of(circuit(1, 1, instruction("BoxOp", (0,), (0,), (angle(1),)))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    assert faults_of(HOSTILE[name])
    assert faults_of(base64.b64encode(HOSTILE[name]).decode())


def test_doubling_gates_without_an_effect_cost_nothing() -> None:
    assert len(read_program("qiskit-qpy", file_of(doubling(40, ()))).operations) == 1


@pytest.mark.parametrize("source", ["", "%%%", "é", "QUJD=", "A" * 64_001, " " * 60_000, "UUlTS0lU"])
def test_broken_base64_is_refused(source: str) -> None:
    assert faults_of(source)


def check_damaged(count: int, seed: int) -> None:
    randomly = random.Random(seed)
    files = [base64.b64decode(source) for versions in SAMPLES.values() for source in versions.values()]
    for _ in range(count):
        data = bytearray(randomly.choice(files))
        for _ in range(randomly.choice([1, 1, 2, 8])):
            data[randomly.randrange(len(data))] = randomly.choice([0, 1, 255, randomly.randrange(256)])
        cut = randomly.randrange(len(data)) if randomly.random() < 0.1 else len(data)
        try:
            assert read_program("qiskit-qpy", b"QISKIT" + bytes(data[6:cut])).registers
        except ProgramInvalid as error:
            assert all(fault.detail for fault in error.faults)  # noqa: PT017


def test_a_damaged_file_is_read_or_refused() -> None:
    check_damaged(400, seed=3)


@pytest.mark.long
def test_files_damaged_in_many_ways_are_read_or_refused() -> None:
    check_damaged(30_000, seed=4)
