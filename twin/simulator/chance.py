"""Draws that depend on what they are for and on nothing else: no order, no batch, no source beside changes them.

SplitMix64 (Steele, Lea, Flood 2014) of (seed, purpose, key): the same source gets the same constants and the same noise at the
same time, whatever else is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Float64Array

Keys: TypeAlias = NDArray[np.uint64]
"""One number a source, or a source and time."""

_STEP = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_PART = np.uint64((1 << 21) - 1)


def keys_of(texts: Sequence[str]) -> Keys:
    """Return the key of each text, by itself."""
    return np.array([crc32(text.encode()) for text in texts], np.uint64)


def hashed(keys: Keys, seed: int, purpose: str) -> Keys:
    """Return 64 well mixed bits a key."""
    start = np.uint64((seed * _STEP + (crc32(purpose.encode()) << 32)) & _MASK)
    found = (keys + start) * np.uint64(_STEP)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(found ^ (found >> np.uint64(31)), np.uint64)


def uniform(keys: Keys, seed: int, purpose: str, low: float = 0.0, high: float = 1.0) -> Float64Array:
    """Return a number from `low` up to (not with) `high` for each key."""
    share = (hashed(keys, seed, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return low + (high - low) * share


def normal(keys: Keys, seed: int, purpose: str) -> Float64Array:
    """Return a number of mean 0 and deviation 1 for each key: the sum of three uniforms, so never beyond +-3."""
    bits = hashed(keys, seed, purpose)
    total = (bits & _PART) + ((bits >> np.uint64(21)) & _PART) + ((bits >> np.uint64(42)) & _PART)
    found: Float64Array = 2.0 * (total.astype(np.float64) * 2.0**-21 - 1.5)
    return found


def at_times(keys: Keys, observed_ms: NDArray[np.int64]) -> Keys:
    """Return the keys of sources at times."""
    return keys * np.uint64(0xD1342543DE82EF95) + observed_ms.astype(np.uint64)


def of_points(keys: Keys, count: int) -> Keys:
    """Return a key for each of `count` points, shape (n, count)."""
    return keys[:, None] * np.uint64(0x2545F4914F6CDD1D) + np.arange(1, count + 1, dtype=np.uint64)
