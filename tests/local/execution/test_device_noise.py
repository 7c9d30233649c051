"""The noise model inside a device of Pulser: decay and dephasing against an integration of our own, refusals."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from local.execution.errors import ProgramTooLarge, UnsupportedProgram
from tests.local.execution.test_pulser import PI_PULSE, is_likely, pulser, run, with_pulse


def noisy(*positions: tuple[float, float], pulse: Any = PI_PULSE, **noise: Any) -> Any:
    device = replace(pulser.MockDevice, noise_model=pulser.NoiseModel(**noise))
    made = pulser.Sequence(pulser.Register(dict(zip("abcdefghij", positions, strict=False))), device)
    made.declare_channel("pulses", "rydberg_global")
    return with_pulse(made, pulse)


def damped(relaxation: float, dephasing: float, area: float) -> float:
    """Integrate the master equation of one atom for 1 µs, entries of its density matrix; the share of the upper level.

    Decay at `relaxation`, Z flips at `dephasing` / 2 per µs as Pulser defines its rates; constant amplitude.
    """

    def slope(rho: Any) -> Any:
        up, coherence = rho[0], rho[1]
        turning = area / 2 * 1j
        return np.array(
            [
                2 * (turning * coherence).real - relaxation * up,
                turning * (2 * up - 1) - (relaxation / 2 + dephasing) * coherence,
            ]
        )

    rho, step = np.array([0, 0], dtype=complex), 1e-3
    for _ in range(1000):
        first = slope(rho)
        second = slope(rho + step / 2 * first)
        third = slope(rho + step / 2 * second)
        rho = rho + step / 6 * (first + 2 * second + 2 * third + slope(rho + step * third))
    return float(rho[0].real)


@pytest.mark.parametrize(("relaxation", "dephasing"), [(0.0, 0.0), (1.5, 0.0), (0.0, 2.0), (0.7, 0.9)])
def test_decay_and_dephasing_of_the_device_are_those_of_an_independent_integration(
    relaxation: float, dephasing: float
) -> None:
    counts = run(noisy((0, 0), relaxation_rate=relaxation, dephasing_rate=dephasing), shots=20_000)
    share = damped(relaxation, dephasing, math.pi)
    if share > 1 - 1e-6:
        assert counts == {"1": 20_000}
    else:
        assert is_likely(counts, {"1": share, "0": 1 - share})


def test_detection_errors_of_the_device_go_before_those_of_the_target() -> None:
    program = noisy((0, 0), (60, 0), p_false_neg=0.2)
    counts = run(program, shots=20_000, noise={"read_1_as_0": 0.9})
    assert is_likely(counts, {"11": 0.64, "01": 0.16, "10": 0.16, "00": 0.04})


@pytest.mark.parametrize(
    ("noise", "name"),
    [
        ({"temperature": 50.0}, "doppler"),
        ({"amp_sigma": 0.1}, "amplitude"),
        ({"detuning_sigma": 0.1}, "detuning"),
        ({"state_prep_error": 0.1, "p_false_pos": 0.1}, "state_prep_error"),
    ],
)
def test_noise_that_differs_from_shot_to_shot_is_refused_by_name(noise: dict[str, Any], name: str) -> None:
    with pytest.raises(UnsupportedProgram, match=f"noise model has .*{name}"):
        run(noisy((0, 0), **noise))


def test_fewer_atoms_fit_with_the_noise_of_a_device() -> None:
    with pytest.raises(ProgramTooLarge, match="128 states together; the local engine simulates with the device's"):
        run(noisy(*[(8.0 * place, 0.0) for place in range(7)], depolarizing_rate=0.1))
