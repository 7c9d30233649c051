"""Runs one request: reads the program, holds it against the target, simulates it, writes the result document."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from local.execution import ionq, openqasm, pulser, qir, quil
from local.execution.errors import InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.limits import Limits
from local.execution.noise import Noise
from local.execution.program import (
    Block,
    Gate,
    Measure,
    Number,
    Program,
    RecordGroup,
    RecordResult,
    RecordValue,
    Register,
    Reset,
    Runnable,
)
from local.execution.qir_unfolding import Unfolding
from local.execution.readouts import register_writer
from local.execution.records import Entry, Record
from local.execution.request import Answer, Request, Usage
from local.execution.results import MICROSOFT_WRITERS, Outcomes, write_ionq
from local.execution.schedule import measures_only_at_its_end
from local.execution.simulator import Simulator


def run(request: Request, program: bytes, limits: Limits) -> Answer:
    """Run a request; raises ExecutionError with the reason."""
    if request.semantics == "echo":
        return Answer(program, Usage(shots=request.shots))
    started = time.perf_counter()
    runner = _RUNNERS.get(request.input_format)
    if runner is None:
        raise UnsupportedProgram(f"Input format {request.input_format!r} is not built in this local workspace.")
    programs, document = runner(request, program, limits)
    return Answer(document, _usage(programs, request.shots, time.perf_counter() - started))


def _run_qir(request: Request, text: bytes, limits: Limits) -> tuple[Sequence[Runnable], bytes]:
    write = MICROSOFT_WRITERS.get(request.output_format)
    if write is None:
        raise UnsupportedProgram(f"Output format {request.output_format!r} is not one of qir.v1.")
    items = request.items or [{}]
    most = limits.clifford_qubits if request.qubits is None else request.qubits
    reader = qir.Reader(text)
    programs = [reader.read(item.get("entryPoint"), _arguments(item), most) for item in items]
    # Each item draws its own numbers.
    outcomes = [
        _outcomes(replace(request, seed=request.seed + place), _held(request, program), limits)
        for place, program in enumerate(programs)
    ]
    return programs, write(outcomes, request.seed)


def _run_ionq(request: Request, text: bytes, limits: Limits) -> tuple[Sequence[Runnable], bytes]:
    if request.output_format != "ionq.quantum-results.v1":
        raise UnsupportedProgram(f"Output format {request.output_format!r} is not one of ionq.circuit.v1.")
    program = _held(request, ionq.read(text))
    if request.semantics == "expected":
        return [program], write_ionq(_simulator(request, program, limits).probabilities())
    outcomes = _outcomes(request, program, limits)
    return [program], write_ionq({_state(record): count / request.shots for record, count in outcomes.counts})


def _run_openqasm(request: Request, text: bytes, limits: Limits) -> tuple[Sequence[Runnable], bytes]:
    write = register_writer("honeywell.quantum-results.v1", request.output_format)
    if write is None:
        raise UnsupportedProgram(f"Output format {request.output_format!r} is not one of honeywell.openqasm.v1.")
    program = _held(request, openqasm.read(text))
    outcomes = (
        _outcomes(request, program, limits) if request.semantics != "zeros" else _all_zeros(program, request.shots)
    )
    return [program], write(program.registers, [outcomes], request.seed)


def _all_zeros(program: Runnable, shots: int) -> Outcomes:
    """Give zeros without running anything: a loop that awaits a 1 would not end."""
    record: list[Entry] = []
    for step in program.operations():
        if isinstance(step, RecordGroup):
            record.append(step)
        elif isinstance(step, RecordResult | RecordValue):
            record.append(("result", 0))
    return Outcomes([(tuple(record), shots)])


def _run_quil(request: Request, text: bytes, limits: Limits) -> tuple[Sequence[Runnable], bytes]:
    """Run each set of substituted values for all shots; Quil's own control flow goes on every target."""
    write = register_writer("rigetti.quil-results.v1", request.output_format)
    if write is None:
        raise UnsupportedProgram(f"Output format {request.output_format!r} is not one of rigetti.quil.v1.")
    programs: list[Program] = []
    outcomes: list[Outcomes] = []
    for program in quil.read(text, request.substitutions):
        if (len(programs) + 1) * request.shots > limits.shots:
            raise ProgramTooLarge(f"Shots times sets of substitutions is more than {limits.shots}.")
        programs.append(_held(request, program, is_profiled=False))
        # Each set draws its own numbers.
        simulator = _simulator(replace(request, seed=request.seed + len(outcomes)), program, limits)
        outcomes.append(Outcomes(list(simulator.sample(request.shots).items())))
    return programs, write(programs[0].registers, outcomes, request.seed)


def _run_pulser(request: Request, text: bytes, _limits: Limits) -> tuple[Sequence[Runnable], bytes]:
    # A sequence of pulses has no gates to count.
    return [], pulser.run(request, text)


def _state(record: Record) -> int:
    """Read a recorded array of bits as a whole number, the first item its lowest bit."""
    bits = [int(entry[1]) for entry in record if isinstance(entry, tuple)]
    return sum(bit << position for position, bit in enumerate(bits))


def _held[P: Runnable](request: Request, program: P, *, is_profiled: bool = True) -> P:
    """Hold a program against the target's qubits and, unless its format knows none, the profile."""
    if request.qubits is not None and program.width > request.qubits:
        raise ProgramTooLarge(f"The program needs {program.width} qubits; the target has {request.qubits}.")
    if is_profiled and request.profile == "base" and not measures_only_at_its_end(program.blocks[0]):
        raise UnsupportedProgram(
            "This target takes the base profile only: no mid-circuit measurement, reset or branch on a result."
        )
    return program


def _arguments(item: Mapping[str, Any]) -> list[Number]:
    arguments = [entry.get("value") if isinstance(entry, dict) else entry for entry in item.get("arguments") or []]
    for argument in arguments:
        if not isinstance(argument, int | float):
            raise InvalidProgram(f"Argument {argument!r} of the entry point must be a number or a Boolean.")
    return [argument for argument in arguments if isinstance(argument, int | float)]


def _simulator(request: Request, program: Runnable, limits: Limits) -> Simulator:
    return Simulator(program, seed=request.seed, noise=Noise.of(request.noise), limits=limits)


def _outcomes(request: Request, program: Program | Unfolding, limits: Limits) -> Outcomes:
    if request.semantics == "zeros":
        program = _classical_part(program)
    simulator = _simulator(request, program, limits)
    if request.semantics != "expected":
        return Outcomes(list(simulator.sample(request.shots).items()))
    return Outcomes(_expected(program, simulator.probabilities(), request.shots), shuffled=False)


def _classical_part(program: Program | Unfolding) -> Program:
    """Leave out all that acts on qubits: every result is then 0, as a syntax checker gives."""
    if isinstance(program, Unfolding):
        return program.without_qubits()
    blocks = [
        Block(tuple(step for step in block.operations if not isinstance(step, Gate | Measure | Reset)), block.next)
        for block in program.blocks
    ]
    return Program(tuple(blocks), program.width)


def _expected(program: Runnable, probabilities: Mapping[int, float], shots: int) -> list[tuple[Record, int]]:
    """Give floor(p x shots) of each basis state of all qubits, as the service does for ionq.simulator.

    The counts need not add up to the shots: 32 equal states of 1,000 shots give 992.
    """
    steps = program.blocks[0].operations
    measured = {step.result: step.qubit for step in steps if isinstance(step, Measure)}
    counts = []
    for state in sorted(probabilities):
        # Rounding of the simulator must not turn 500 into 499.
        count = int(probabilities[state] * shots + 1e-6)
        bits = {result: state >> qubit & 1 for result, qubit in measured.items()}
        if count:
            counts.append((_recorded(program, bits), count))
    return counts


def _recorded(program: Runnable, bits: Mapping[int, int]) -> Record:
    entries: list[Entry] = []
    for step in program.blocks[0].operations:
        match step:
            case RecordGroup():
                entries.append(step)
            case RecordResult(result=result):
                entries.append(("result", bits.get(result, 0)))
            case RecordValue(value=Register()):
                raise UnsupportedProgram("This target takes no computed values in the output.")
            case RecordValue(kind=kind, value=int() | float() as value):
                entries.append((kind, value))
    return tuple(entries)


def _usage(programs: Sequence[Runnable], shots: int, seconds: float) -> Usage:
    """Count per shot; a gate on three qubits counts as six two-qubit gates (the textbook Toffoli)."""
    one = two = measured = 0
    for program in programs:
        counts = program.gate_counts
        one += counts.get(1, 0)
        two += counts.get(2, 0) + 6 * sum(count for size, count in counts.items() if size > 2)
        measured += program.measurements
    return Usage(one, two, measured, shots, seconds)


_RUNNERS: dict[str, Callable[[Request, bytes, Limits], tuple[Sequence[Runnable], bytes]]] = {
    "ionq.circuit.v1": _run_ionq,
    "qir.v1": _run_qir,
    "honeywell.openqasm.v1": _run_openqasm,
    "rigetti.quil.v1": _run_quil,
    "pasqal.pulser.v1": _run_pulser,
}
