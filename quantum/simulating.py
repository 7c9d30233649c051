"""Shots of a compiled program on qdk's state-vector simulator.

Not on its sparse simulator, which is the default of qdk's `run` and gives wrong counts where rx(pi) meets ry.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from quantum.errors import Failed


def simulated(qir: str, shots: int, seed: int) -> Mapping[str, int]:
    """Give counts by outcome, the last bit reported first; the same seed gives the same counts.

    Raises:
        Failed: the simulator cannot run the program; its own words.
    """
    from qdk.simulation import run_qir

    try:
        results = run_qir(qir, shots, seed=seed, type="cpu")
    except (ValueError, RuntimeError) as error:
        raise Failed(f"the simulator cannot run it: {error}") from error
    return Counter("".join(reversed(_bits(result))) for result in results)


def _bits(result: Any) -> list[str]:
    if isinstance(result, list | tuple):
        return [bit for part in result for bit in _bits(part)]
    return [{"Zero": "0", "One": "1"}.get(str(result), "-")]
