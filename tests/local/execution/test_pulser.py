"""Sequences of Pulser: physics that is known, the order of atoms, variables, refusals; needs Pasqal's simulator."""

import json
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from local.execution import pulser as engine
from local.execution.errors import ExecutionError, InvalidProgram, ProgramTooLarge, UnsupportedProgram
from local.execution.request import Request

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pulser = pytest.importorskip("pulser", reason="Pasqal's simulator is not installed (`make pasqal`)")
    pytest.importorskip("pulser_simulation", reason="Pasqal's simulator is not installed (`make pasqal`)")

PI_PULSE = pulser.Pulse.ConstantPulse(1000, math.pi, 0, 0)
FALSE_ALARM = 1e-6
# Pulser's table of van der Waals coefficients, level 70, in rad/µs µm^6.
C6 = 5420158.53


def sequence(*positions: tuple[float, float], names: str = "", channel: str = "rydberg_global", **target: Any) -> Any:
    names = names or "abcdefghijklmnop"[: len(positions)]
    register = pulser.Register(dict(zip(names, positions, strict=True)))
    made = pulser.Sequence(register, pulser.MockDevice)
    made.declare_channel("pulses", channel, **target)
    return made


def with_pulse(made: Any, pulse: Any = PI_PULSE) -> Any:
    made.add(pulse, "pulses")
    return made


def run(program: Any, *, shots: int = 1000, seed: int = 1, **options: Any) -> dict[str, int]:
    """Run a sequence, its text or the raw program."""
    if not isinstance(program, bytes):
        text = program if isinstance(program, str) else program.to_abstract_repr()
        program = json.dumps({"sequence_builder": text}).encode()
    request = Request("pasqal.pulser.v1", engine.OUTPUT_FORMAT, shots, seed, **options)
    counts: dict[str, int] = json.loads(engine.run(request, program))
    assert sum(counts.values()) == shots
    return counts


def is_likely(counts: dict[str, int], probabilities: dict[str, float]) -> bool:
    """Compare by chi-square; rare outcomes are pooled."""
    shots = sum(counts.values())
    common = [bits for bits, probability in probabilities.items() if probability * shots >= 5]
    observed = [counts.get(bits, 0) for bits in common]
    expected = [probabilities[bits] * shots for bits in common]
    rest = shots - sum(expected)
    if rest > 1:
        observed.append(shots - sum(observed))
        expected.append(rest)
    return bool(chisquare(observed, np.array(expected) * sum(observed) / sum(expected)).pvalue > FALSE_ALARM)


def integrated(positions: list[tuple[float, float]], amplitude: Any, detuning: Any, steps: int) -> dict[str, float]:
    """Integrate i dpsi/dt = H psi, H = sum(amplitude/2 X - detuning n) + sum(C6/r^6 n n), in steps of 1 ns."""
    atoms = len(positions)
    bits = np.array([[state >> (atoms - 1 - atom) & 1 for atom in range(atoms)] for state in range(2**atoms)])
    interaction = np.zeros(2**atoms)
    for first in range(atoms):
        for second in range(first):
            distance = math.dist(positions[first], positions[second])
            interaction += C6 / distance**6 * bits[:, first] * bits[:, second]
    flips = np.zeros((2**atoms, 2**atoms))
    for state in range(2**atoms):
        for atom in range(atoms):
            flips[state, state ^ 1 << (atoms - 1 - atom)] = 0.5
    psi = np.eye(2**atoms, dtype=complex)[0]
    for step in range(steps):
        place = (step + 0.5) / steps
        energies, modes = np.linalg.eigh(
            amplitude(place) * flips + np.diag(interaction - detuning(place) * bits.sum(axis=1))
        )
        psi = modes @ (np.exp(-1j * energies * 1e-3) * (modes.T @ psi))
    return {"".join(map(str, bits[state])): float(abs(psi[state]) ** 2) for state in range(2**atoms)}


def test_a_pi_pulse_excites_an_atom() -> None:
    assert run(with_pulse(sequence((0, 0)))) == {"1": 1000}


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
def test_a_shorter_pulse_excites_it_as_often_as_the_rabi_formula_says(share: float) -> None:
    counts = run(with_pulse(sequence((0, 0)), pulser.Pulse.ConstantPulse(1000, share * math.pi, 0, 0)), shots=10_000)
    excited = math.sin(share * math.pi / 2) ** 2
    assert is_likely(counts, {"1": excited, "0": 1 - excited})


def test_two_atoms_in_each_others_blockade_share_one_excitation() -> None:
    enhanced = pulser.Pulse.ConstantPulse(1000, math.pi / math.sqrt(2), 0, 0)
    counts = run(with_pulse(sequence((0, 0), (4, 0)), enhanced), shots=10_000)
    assert counts.keys() <= {"01", "10", "00"}
    assert counts.get("00", 0) < 20
    assert is_likely({"01": counts["01"], "10": counts["10"]}, {"01": 0.5, "10": 0.5})


@pytest.mark.parametrize(("atom", "bits"), [("c", "100"), ("a", "010"), ("b", "001")])
def test_the_first_character_is_the_first_atom_of_the_register_whatever_its_name(atom: str, bits: str) -> None:
    far = sequence((0, 0), (50, 0), (100, 0), names="cab", channel="rydberg_local", initial_target=atom)
    assert run(with_pulse(far)) == {bits: 1000}


def test_an_atom_beyond_the_blockade_is_found_at_its_place() -> None:
    counts = run(with_pulse(sequence((0, 0), (4, 0), (60, 0))), shots=2000)
    assert all(bits[2] == "1" for bits in counts)
    # The pair turns by sqrt(2) pi: it is mostly neither 00 nor 11.
    assert is_likely({bits[:2]: count for bits, count in counts.items()}, pair_after_pi())


def pair_after_pi() -> dict[str, float]:
    excited = math.sin(math.pi / math.sqrt(2)) ** 2
    return {"00": 1 - excited, "01": excited / 2, "10": excited / 2}


def test_a_chain_prepared_adiabatically_is_distributed_as_an_independent_integration_says() -> None:
    positions = [(0.0, 0.0), (6.5, 0.0), (13.0, 0.0), (19.5, 0.0), (24.5, 0.0)]
    duration = 1500
    places = (np.arange(duration) + 0.5) / duration
    sweep = pulser.Pulse(
        pulser.CustomWaveform(np.interp(places, [0, 0.2, 0.8, 1], [0, 9, 9, 0])),
        pulser.CustomWaveform(30 * places - 15),
        0,
    )
    exact = integrated(
        positions,
        lambda place: float(np.interp(place, [0, 0.2, 0.8, 1], [0, 9, 9, 0])),
        lambda place: 30 * place - 15,
        duration,
    )
    counts = run(with_pulse(sequence(*positions), sweep), shots=20_000)
    assert is_likely(counts, exact)
    assert not is_likely({bits[::-1]: count for bits, count in counts.items()}, exact)
    assert max(exact, key=lambda bits: exact[bits]) == max(counts, key=lambda bits: counts[bits])


@pytest.mark.parametrize("basis", ["digital", "ground-rydberg"])
def test_the_measured_basis_says_which_level_is_a_one(basis: str) -> None:
    made = sequence((0, 0), (50, 0), channel="raman_local", initial_target="b")
    made.declare_channel("rydberg", "rydberg_global")
    with_pulse(made)
    made.add(PI_PULSE, "rydberg", protocol="wait-for-all")
    assert run(made) == {"01": 1000}  # without a measurement: digital
    made.measure(basis)
    assert run(made) == {"01" if basis == "digital" else "10": 1000}


def test_the_sequence_may_be_an_object_or_its_text() -> None:
    text = with_pulse(sequence((0, 0))).to_abstract_repr()
    assert run(json.dumps({"sequence_builder": json.loads(text)}).encode()) == run(text) == {"1": 1000}


def parametrised() -> Any:
    made = sequence((0, 0), (50, 0))
    area = made.declare_variable("area", dtype=float)
    length = made.declare_variable("length", dtype=int)
    return with_pulse(made, pulser.Pulse.ConstantPulse(length, area, 0, 0))


def test_variables_take_the_values_given_with_the_job_or_their_defaults() -> None:
    given = {"area": math.pi, "length": 1000}
    assert run(parametrised(), variables=given) == {"11": 1000}
    text = parametrised().to_abstract_repr(area=2 * math.pi, length=1000)
    assert run(text) == {"00": 1000}
    assert run(text, variables={"area": math.pi}) == {"11": 1000}


def test_a_register_that_leaves_its_traps_open_is_mapped_with_the_job() -> None:
    layout = pulser.register.RegisterLayout([(0, 0), (4, 0), (60, 0), (0, 60)])
    made = pulser.Sequence(layout.make_mappable_register(2), pulser.MockDevice)
    made.declare_channel("pulses", "rydberg_global")
    with_pulse(made)
    traps = {trap: layout.get_traps_from_coordinates((x, 0))[0] for trap, x in (("near", 4), ("zero", 0), ("far", 60))}
    assert run(made, variables={"qubits": {"q0": traps["zero"], "q1": traps["far"]}}) == {"11": 1000}
    assert "11" not in run(made, variables={"qubits": {"q0": traps["zero"], "q1": traps["near"]}})


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "Variable area has no value"),
        ({"area": 1.0, "length": 100, "phase": 0}, "no variable phase"),
        ({"area": "wide", "length": 100}, "Pulser refuses the values"),
        ([1, 2], "must be an object"),
    ],
)
def test_variables_that_do_not_fit_are_named(variables: Any, reason: str) -> None:
    with pytest.raises(InvalidProgram, match=reason):
        run(parametrised(), variables=variables)


def test_a_seed_repeats_the_counts() -> None:
    half = with_pulse(sequence((0, 0), (50, 0)), pulser.Pulse.ConstantPulse(1000, math.pi / 2, 0, 0)).to_abstract_repr()
    assert run(half, seed=7) == run(half, seed=7) != run(half, seed=8)


def test_detection_flips_bits_at_the_rates_of_the_target() -> None:
    local = sequence((0, 0), (50, 0), channel="rydberg_local", initial_target="a")
    counts = run(with_pulse(local), shots=20_000, noise={"read_0_as_1": 0.01, "read_1_as_0": 0.05})
    exact = {"10": 0.95 * 0.99, "00": 0.05 * 0.99, "11": 0.95 * 0.01, "01": 0.05 * 0.01}
    assert is_likely(counts, exact)
    lost = sum(count for bits, count in counts.items() if bits[0] == "0")
    assert binom(20_000, 0.05).interval(1 - FALSE_ALARM)[0] < lost < binom(20_000, 0.05).interval(1 - FALSE_ALARM)[1]


def document(change: Callable[[dict[str, Any]], Any]) -> str:
    text = json.loads(with_pulse(sequence((0, 0), (6, 0))).to_abstract_repr())
    change(text)
    return json.dumps(text)


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        (lambda it: it.update(device="Chadoq9"), InvalidProgram, "no device 'Chadoq9'; there are AnalogDevice"),
        (lambda it: it.update(version="9"), InvalidProgram, r"\$.version: '1' was expected"),
        (lambda it: it.pop("device"), InvalidProgram, "'device' is a required property"),
        (
            lambda it: it["operations"][0].pop("protocol"),
            InvalidProgram,
            r"\$.operations\[0\]: 'protocol' is a required",
        ),
        (lambda it: it["register"][1].update(x="far"), InvalidProgram, r"\$.register\[1\].x: 'far' is not of type"),
        (lambda it: it["register"][1].update(x=0.0), InvalidProgram, "minimal distance between atoms"),
        (lambda it: it["register"][1].update(name="a"), InvalidProgram, "a name of its own"),
        (lambda it: it.update(register=[]), InvalidProgram, "one atom or more"),
        (lambda it: it.update(channels={"pulses": "sound"}), InvalidProgram, "No channel sound"),
        (lambda it: it.update(operations=[]), InvalidProgram, "No instructions"),
        (lambda it: it.update(channels={}, operations=[]), InvalidProgram, "declares no channel"),
        (lambda it: it.update(measurement="digital"), InvalidProgram, "ground-rydberg"),
        (lambda it: it["operations"][0]["amplitude"].update(value=1e308), ProgramTooLarge, "rad/µs"),
        (
            lambda it: it["operations"].append({"op": "delay", "channel": "pulses", "time": 10**12}),
            ProgramTooLarge,
            "ns",
        ),
    ],
)
def test_what_is_wrong_with_a_sequence_is_said(change: Any, kind: type[ExecutionError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        run(document(change))


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be a JSON object"),
        (b"{}", "must have the member sequence_builder"),
        (b'{"sequence_builder": "{"}', "sequence_builder is not JSON"),
        (b'{"sequence_builder": 3}', "must have the member sequence_builder"),
        (b'{"sequence_builder": {}}', "register must be a list"),
    ],
)
def test_a_program_that_holds_no_sequence_is_refused(program: bytes, reason: str) -> None:
    with pytest.raises(InvalidProgram, match=reason):
        run(program)


def test_more_atoms_than_target_or_engine_have_are_refused() -> None:
    chain = with_pulse(sequence(*[(8.0 * place, 0.0) for place in range(15)]))
    with pytest.raises(ProgramTooLarge, match="15 atoms; the target has 12"):
        run(chain, qubits=12)
    with pytest.raises(ProgramTooLarge, match="15 atoms; the local engine simulates up to 14"):
        run(chain, qubits=100)


def test_atoms_of_three_levels_count_for_more() -> None:
    both = with_pulse(sequence(*[(8.0 * place, 0.0) for place in range(9)]))
    both.declare_channel("raman", "raman_local", initial_target="a")
    both.add(PI_PULSE, "raman")
    with pytest.raises(ProgramTooLarge, match="19683 states"):
        run(both)


def test_settings_of_an_emulator_and_other_outputs_are_refused_by_name() -> None:
    text = with_pulse(sequence((0, 0))).to_abstract_repr()
    with pytest.raises(UnsupportedProgram, match="emulation_config"):
        run(json.dumps({"sequence_builder": text, "emulation_config": "{}"}).encode())
    with pytest.raises(UnsupportedProgram, match=r"microsoft\.quantum-results\.v2"):
        engine.run(Request("pasqal.pulser.v1", "microsoft.quantum-results.v2", 1, 1), text.encode())
