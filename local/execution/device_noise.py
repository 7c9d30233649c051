"""The noise that a device of Pulser says it has, as far as it is the same in every shot."""

from dataclasses import dataclass, replace
from typing import Any

from local.execution.errors import UnsupportedProgram
from local.execution.noise import Noise

# What a master equation takes; the others draw new numbers for every shot.
_IN_THE_EQUATION = {
    "relaxation": ("relaxation_rate",),
    "dephasing": ("dephasing_rate", "hyperfine_dephasing_rate"),
    "depolarizing": ("depolarizing_rate",),
    "eff_noise": ("eff_noise_rates", "eff_noise_opers"),
}


@dataclass(frozen=True)
class DeviceNoise:
    """Parameters of Pulser's noise model for the evolution, none if it is ideal; and flips when read, if told."""

    evolution: dict[str, Any]
    read_0_as_1: float | None = None
    read_1_as_0: float | None = None

    def detection(self, target: Noise) -> Noise:
        """Give the flips when read: those of the device go before those of the target (a choice)."""
        if self.read_0_as_1 is None or self.read_1_as_0 is None:
            return target
        return replace(target, read_0_as_1=self.read_0_as_1, read_1_as_0=self.read_1_as_0)


def device_noise(device: Any) -> DeviceNoise:
    """Read the noise model inside a device; raises UnsupportedProgram naming the kinds of noise that are not built."""
    model = device.noise_model
    if model is None:
        return DeviceNoise({})
    missing = sorted(set(model.noise_types) - _IN_THE_EQUATION.keys() - {"SPAM"})
    if "SPAM" in model.noise_types and model.state_prep_error:
        missing.append("state_prep_error")
    if missing:
        raise UnsupportedProgram(
            f"The device's noise model has {', '.join(missing)}, which this local workspace has not:"
            f" it has SPAM without state_prep_error, {', '.join(_IN_THE_EQUATION)}."
        )
    names = [name for kind in model.noise_types if kind != "SPAM" for name in _IN_THE_EQUATION[kind]]
    evolution = {name: getattr(model, name) for name in names}
    if "SPAM" not in model.noise_types:
        return DeviceNoise(evolution)
    return DeviceNoise(evolution, float(model.p_false_pos), float(model.p_false_neg))
