"""Frames of several stores brought together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.arrays import BoolArray, Int64Array
from twin.frames import Frames
from twin.schemas import FrameSchema

_ARRAYS = ("source_ids", "observed_ms", "delay_s", "values", "quality")


def merged_frames(schema_id: int, schema: FrameSchema, parts: Sequence[Frames]) -> Frames:
    """Join frames of one schema by source and time; of two with the same key that of the earlier part stays.

    Parts of which one is empty are given back as they are: hot frames are mostly not in the archive as well.
    """
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        points = len(schema.points)
        none = np.empty(0, np.int32)
        return Frames(
            schema_id, schema, none, np.empty(0, np.int64), none, np.empty((0, points)), np.empty((0, points), np.uint8)
        )
    joined = {name: np.concatenate([getattr(part, name) for part in filled]) for name in _ARRAYS}
    # lexsort is stable: equal keys stay in the order of their parts
    order = np.lexsort((joined["observed_ms"], joined["source_ids"]))
    sources, times = joined["source_ids"][order], joined["observed_ms"][order]
    first = np.append(True, (sources[1:] != sources[:-1]) | (times[1:] != times[:-1]))
    return Frames(schema_id, schema, **{name: array[order[first]] for name, array in joined.items()})


def taken(frames: Frames, rows: Int64Array | BoolArray | slice) -> Frames:
    """Return some of the frames."""
    return Frames(frames.schema_id, frames.schema, **{name: getattr(frames, name)[rows] for name in _ARRAYS})
