"""Runs pasqal.pulser.v1 with Pasqal's own simulator: a sequence of pulses on atoms, sampled at its end."""

import contextlib
import json
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from local.execution.device_noise import device_noise
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.noise import Noise
from local.execution.request import Request

OUTPUT_FORMAT = "pasqal.pulser-results.v1"
MOST_STATES = 1 << 14
"""Basis states of all atoms: 14 atoms of two levels, or 8 where both bases are driven (three levels)."""
MOST_NOISY_STATES = 1 << 6
"""The same where the device has noise: its matrix has the square of them."""
LONGEST_NS = 20_000
STRONGEST = 1000.0
"""Amplitude and detuning in rad/µs: one radian per sample."""
MOST_TRAPS = 4096
_LONGEST_MESSAGE = 400
# Pulser, "Conventions": the level that is measured as 1 in each basis.
_READ_AS_ONE = {"ground-rydberg": "r", "digital": "h", "XY": "d"}


def run(request: Request, program: bytes) -> bytes:
    """Run a sequence and write the counts of its bitstrings; the first character is the first atom of the register.

    Raises InvalidProgram with Pulser's own words, ProgramTooLarge, UnsupportedProgram also where Pulser is missing.
    """
    if request.output_format != OUTPUT_FORMAT:
        raise UnsupportedProgram(f"Output format {request.output_format!r} is not one of pasqal.pulser.v1.")
    target = Noise.of(request.noise)
    sequence = _sequence(program, request.variables, request.qubits)
    noise = device_noise(sequence.device)
    probabilities = _probabilities(sequence, noise.evolution)
    rng = np.random.default_rng(request.seed)
    counts = _read_out(_sampled(probabilities, request.shots, rng), noise.detection(target), rng)
    return json.dumps(dict(counts.most_common())).encode()


def _sequence(program: bytes, variables: object, qubits: int | None) -> Any:
    """Read a sequence and give its variables their values."""
    builder = _builder(program)
    _check_size(builder, qubits)
    pulser = _package("pulser")
    _check_device(builder.get("device"), pulser)
    with _in_words_of_pulser("sequence"):
        sequence = pulser.Sequence.from_abstract_repr(json.dumps(builder))
    values = _values(builder.get("variables") or {}, variables)
    if sequence.is_parametrized() or sequence.is_register_mappable():
        with _in_words_of_pulser("values of the variables"):
            sequence = sequence.build(**values)
    _check_pulses(sequence)
    return sequence


def _package(name: str) -> Any:
    """Import a package of the extra, which takes a second and which most workspaces do without."""
    try:
        # Old names of the package's own dependencies warn at import.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(name)
    except ImportError as error:
        raise UnsupportedProgram(
            "Sequences of pasqal.pulser.v1 run in Pasqal's own simulator, which is not installed here: "
            f"install it with `make pasqal` ({error})."
        ) from error


def _builder(program: bytes) -> dict[str, Any]:
    """Give the member sequence_builder: the abstract representation as an object, or as the text of one."""
    document = _parsed(program, "The program")
    if document.get("emulation_config") is not None:
        raise UnsupportedProgram("emulation_config is not built in this local workspace; leave it out.")
    builder = document.get("sequence_builder")
    if isinstance(builder, str):
        builder = _parsed(builder, "sequence_builder")
    if not isinstance(builder, dict):
        raise InvalidProgram("The program must have the member sequence_builder, an abstract representation of Pulser.")
    return builder


def _parsed(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidProgram(f"{name} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidProgram(f"{name} must be a JSON object.")
    return document


def _check_size(builder: Mapping[str, Any], qubits: int | None) -> None:
    """Hold the register against the target and the engine before Pulser works on it."""
    register, layout = builder.get("register"), builder.get("layout")
    if not isinstance(register, list) or not register:
        raise InvalidProgram("sequence_builder: register must be a list of one atom or more.")
    if qubits is not None and len(register) > qubits:
        raise ProgramTooLarge(f"The register has {len(register)} atoms; the target has {qubits}.")
    names = {str(atom.get("name", atom.get("qid"))) for atom in register if isinstance(atom, dict)}
    if len(names) < len(register):
        raise InvalidProgram("sequence_builder: each atom of the register must be an object with a name of its own.")
    if 2 ** len(register) > MOST_STATES:
        most = MOST_STATES.bit_length() - 1
        raise ProgramTooLarge(f"The register has {len(register)} atoms; the local engine simulates up to {most}.")
    traps = layout.get("coordinates") if isinstance(layout, dict) else None
    if isinstance(traps, list) and len(traps) > MOST_TRAPS:
        raise ProgramTooLarge(f"The layout has {len(traps)} traps; the local engine takes up to {MOST_TRAPS}.")


def _check_device(device: object, pulser: Any) -> None:
    """Refuse a device that is given by a name and not known by it; most sequences bring theirs as an object."""
    if isinstance(device, str):
        kinds = (pulser.devices.Device, pulser.devices.VirtualDevice)
        known = [name for name in pulser.devices.__all__ if isinstance(getattr(pulser.devices, name), kinds)]
        if device not in known:
            raise InvalidProgram(f"There is no device {device!r}; there are {', '.join(known)}.")


def _check_pulses(sequence: Any) -> None:
    """Hold the pulses against what the simulator can integrate: it takes one sample per nanosecond."""
    if not sequence.declared_channels:
        raise InvalidProgram("sequence_builder: the sequence declares no channel.")
    length = sequence.get_duration()
    if length > LONGEST_NS:
        raise ProgramTooLarge(f"The sequence lasts {length} ns; the local engine simulates up to {LONGEST_NS} ns.")
    with _in_words_of_pulser("sequence"):
        channels = _package("pulser.sampler").sample(sequence).samples_list
        strongest = max(np.abs(np.array([channel.amp, channel.det])).max(initial=0.0) for channel in channels)
    if not strongest <= STRONGEST:
        text = f"The pulses reach {strongest:.3g} rad/µs; the local engine simulates up to {STRONGEST:g} rad/µs."
        raise ProgramTooLarge(text)


def _values(declared: object, given: object) -> dict[str, Any]:
    """Give each variable its value: the one given with the job, else the default in the sequence.

    Pulser writes zeros where a sequence has no defaults: a variable of zeros has none (a choice). `qubits` is the
    mapping of atoms to traps, for a register that leaves it open.
    """
    defaults = declared if isinstance(declared, dict) else {}
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise InvalidProgram("variables in inputParams must be an object of names with their values.")
    unknown = sorted(given.keys() - defaults.keys() - {"qubits"})
    if unknown:
        raise InvalidProgram(f"The sequence has no variable {', '.join(unknown)}.")
    values = {name: given.get(name, entry["value"]) for name, entry in defaults.items()}
    for name in sorted(defaults.keys() - given.keys()):
        if not any(values[name]):
            raise InvalidProgram(f"Variable {name} has no value: give it in inputParams as variables.{name}.")
    return values | {name: given[name] for name in ("qubits",) if name in given}


def _probabilities(sequence: Any, noise: Mapping[str, Any]) -> dict[str, float]:
    """Integrate the sequence and give the probability of each bitstring that can be measured."""
    simulation, backend = _package("pulser_simulation"), _package("pulser.backend")
    states = len(_levels(sequence)) ** len(sequence.register.qubit_ids)
    most = MOST_NOISY_STATES if noise else MOST_STATES
    if states > most:
        kind = "with the device's noise " if noise else ""
        raise ProgramTooLarge(f"The atoms have {states} states together; the local engine simulates {kind}{most}.")
    options: dict[str, Any] = {}
    if noise:
        options = {"noise_model": _package("pulser.noise_model").NoiseModel(**noise), "solver": "MasterEquation"}
    with _in_words_of_pulser("simulation"):
        # The last state alone: those of all nanoseconds would be gigabytes.
        config = simulation.QutipConfig(observables=[backend.StateResult(evaluation_times=[1.0])], **options)
        state = simulation.QutipBackendV2(sequence, config=config).run().final_state
        probabilities: dict[str, float] = state.bitstring_probabilities(one_state=_one(sequence))
    return probabilities


def _levels(sequence: Any) -> set[str]:
    """Give the levels of an atom that the sequence's channels drive."""
    return {level for channel in sequence.declared_channels.values() for level in channel.eigenstates}


def _one(sequence: Any) -> str:
    """Give the level that is read as 1; without a measurement digital where it is driven, as Pulser itself takes it."""
    if sequence.is_measured():
        return _READ_AS_ONE[sequence.get_measurement_basis()]
    bases = {channel.basis for channel in sequence.declared_channels.values()}
    return next(
        level for basis in ("digital", "XY", "ground-rydberg") if basis in bases for level in _READ_AS_ONE[basis]
    )


@contextlib.contextmanager
def _in_words_of_pulser(part: str) -> Iterator[None]:
    """Tell what Pulser says of a part of the program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ExecutionError, MemoryError):
        raise
    except Exception as error:  # Pulser raises errors of ten kinds, without a common root.
        raise InvalidProgram(f"Pulser refuses the {part}: {_words(error)}") from error


def _words(error: Exception) -> str:
    """Give the message of an error; of a fault against the schema the innermost cause and its place."""
    cause = _innermost(error) if getattr(error, "context", None) else error
    place = getattr(cause, "json_path", "")
    text = repr(cause) if isinstance(cause, KeyError) else str(getattr(cause, "message", cause)) or type(cause).__name__
    short = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} ..."
    return f"{place}: {short}" if place else short


def _innermost(error: Any) -> Any:
    """Go from "none of these schemas fits" down to what is wrong in the schema that was meant.

    That is the one of whose constants none is violated (they name the kind), then the one with the fewest faults.
    """
    while error.context:
        faults: dict[Any, list[Any]] = {}
        for cause in error.context:
            faults.setdefault(cause.schema_path[0], []).append(cause)
        error = min(faults.values(), key=lambda all_of: (any(map(_is_of_another_kind, all_of)), len(all_of)))[0]
    return error


def _is_of_another_kind(fault: Any) -> bool:
    return fault.validator in {"const", "enum"}


def _sampled(probabilities: Mapping[str, float], shots: int, rng: np.random.Generator) -> Counter[str]:
    bitstrings = sorted(probabilities)
    weights = np.array([probabilities[bitstring] for bitstring in bitstrings])
    drawn = rng.multinomial(shots, weights / weights.sum()).tolist()
    return Counter({bitstring: count for bitstring, count in zip(bitstrings, drawn, strict=True) if count})


def _read_out(counts: Counter[str], noise: Noise, rng: np.random.Generator) -> Counter[str]:
    """Flip bits as the target's detection does."""
    if not (noise.read_0_as_1 or noise.read_1_as_0):
        return counts
    read: Counter[str] = Counter()
    for bitstring, count in counts.items():
        bits = np.array([int(bit) for bit in bitstring])
        rates = np.where(bits == 1, noise.read_1_as_0, noise.read_0_as_1)
        rows = bits ^ (rng.random((count, bits.size)) < rates)
        read.update("".join(map(str, row)) for row in rows.tolist())
    return read
