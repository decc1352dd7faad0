"""Stored frames turned into one series a point, over all versions of a schema."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twin.arrays import UInt8Array
from twin.quality import Quality
from twin.schemas import FrameSchema, Point


class Frame(Protocol):
    """A stored frame: its schema, slots and flags."""

    @property
    def observed_ms(self) -> int: ...  # noqa: D102 - said above
    @property
    def schema_id(self) -> int: ...  # noqa: D102
    @property
    def gauges(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def totals(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def quality(self) -> UInt8Array: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PointSeries:
    """Values and flags of one point; None = missing."""

    point: Point
    values: list[float | None]
    quality: list[int]


@dataclass(frozen=True, slots=True)
class Series:
    """All wanted points of one source over its frames."""

    observed_ms: list[int]
    points: list[PointSeries]


def gather(
    frames: Sequence[Frame], schemas: Mapping[int, FrameSchema], newest: FrameSchema, wanted: Sequence[str] | None
) -> Series:
    """Turn frames into series of the points of the newest schema; a frame whose own schema lacks a point is missing there.

    Parameters
    ----------
    frames
        By rising time.
    schemas
        All schemas that the frames name, by number.
    newest
        Schema of the source today.
    wanted
        Names of points; None = all.
    """
    points = [point for point in newest.points if wanted is None or point.name in wanted]
    columns = [_column(frames, schemas, point) for point in points]
    return Series([frame.observed_ms for frame in frames], columns)


def _column(frames: Sequence[Frame], schemas: Mapping[int, FrameSchema], point: Point) -> PointSeries:
    values: list[float | None] = []
    quality: list[int] = []
    places = {schema_id: _place(schema, point.name) for schema_id, schema in schemas.items()}
    for frame in frames:
        place = places.get(frame.schema_id)
        if place is None:
            values.append(None)
            quality.append(Quality.MISSING)
            continue
        column, is_total, slot = place
        value = (frame.totals if is_total else frame.gauges)[slot]
        # a 32-bit gauge prints the digits that were sent, not those of its binary neighbour
        shown = value if is_total else float(f"{value:.7g}")
        values.append(None if math.isnan(value) else shown)
        quality.append(int(frame.quality[column]))
    return PointSeries(point, values, quality)


def _place(schema: FrameSchema, name: str) -> tuple[int, bool, int] | None:
    column = schema.column(name)
    if column is None:
        return None
    is_total = schema.points[column].slot == "total"
    return column, is_total, (schema.total_columns if is_total else schema.gauge_columns).index(column)
