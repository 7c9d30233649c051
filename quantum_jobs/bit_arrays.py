"""Counts become the `BitArray`s of Qiskit's samplers.

A target reports how often each outcome came, not in which order. The shots are put into an order drawn at random, so
that a part of them (`slice_shots`, halves for an error bar) is a fair sample; it depends on the job's id alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BitArray

from quantum_jobs.primitive_jobs import Counted, seed_of

type Packed = NDArray[np.uint8]

SHOT_ORDER = "drawn at random: a target reports counts"


def bit_arrays(
    items: Sequence[Counted], registers: Mapping[str, int], shape: tuple[int, ...], shots: int
) -> dict[str, BitArray]:
    """Make an array of `shape` for each register (name to size), in which an element's shots are those of an item.

    The arrays are `shots` long, or as long as every item has shots where some failed. A shot of one register and the
    same shot of another belong together.

    Raises:
        ValueError: an item without any shot, or outcomes that do not have these registers first.
    """
    common = min([shots, *(item.shots for item in items)])
    if not common:
        raise ValueError("no shot of some parameter set came to an outcome")
    read = [_shots(item, tuple(registers.values()), common) for item in items]
    arrays = {}
    for place, (name, size) in enumerate(registers.items()):
        rows = [item[place] for item in read]
        joined = np.stack(rows) if rows else np.zeros((0, common, -(-size // 8)), np.uint8)
        arrays[name] = BitArray(joined.reshape(*shape, common, -(-size // 8)), size)
    return arrays


def _shots(item: Counted, sizes: Sequence[int], common: int) -> list[Packed]:
    """Give the packed bits of each register, shot by shot."""
    outcomes = [list(reversed(outcome.split(" "))) for outcome in item.counts]
    each = np.repeat(np.arange(len(outcomes)), list(item.counts.values()))
    drawn = np.random.default_rng(seed_of(item.origin)).permutation(each)[:common]
    return [_packed([outcome[place] for outcome in outcomes], size)[drawn] for place, size in enumerate(sizes)]


def _packed(texts: Sequence[str], size: int) -> Packed:
    """Pack `c[n-1]..c[0]` into bytes, c[0] being the last bit of the last one."""
    if any(len(text) != size for text in texts):
        raise ValueError(f"an outcome of {size} bits was expected, not {texts[0]!r}")
    width = -(-size // 8) * 8
    digits = np.frombuffer("".join(text.zfill(width) for text in texts).encode(), np.uint8)
    return np.packbits(digits.reshape(len(texts), width) - ord("0"), axis=-1)
