"""What stands beside readings on request: missing values filled by a stated method, and corrections by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, Field

from api.errors import BadRequest
from data.history.postgres import PostgresHistory
from data.pool import Pool
from data.quality_checks import Correction, list_corrections
from twin.filling import DAY_MS, PROFILE_DAYS, PROFILE_S, FillMethod, fill
from twin.history import Curve, PointCurve
from twin.quality import Quality
from twin.readings import Source
from twin.schemas import Point

MOST_PROFILED_MS: Final = 31 * DAY_MS
FILLED_FLAG: Final = int(Quality.SUSPECT)
"""Flag of a filled value: it is nobody's measurement, so it raises no alarm."""


class FilledModel(BaseModel):
    """Values that stand in for missing or failed ones; the readings themselves stay as they came."""

    filled: bool = Field(True, description="Always true: nobody measured these.")
    method: FillMethod
    flag: int = Field(description="QARTOD flag of them all: 3, so that none raises an alarm.")
    observed_at: list[int] = Field(description="Epoch milliseconds.")
    values: list[float]


class CorrectionModel(BaseModel):
    """A reading that a person has corrected."""

    check_id: int
    observed_at: int = Field(description="Epoch milliseconds.")
    original: float | None = Field(description="As reported; null = missing.")
    value: float = Field(description="The correction.")
    seat: str
    note: str


@dataclass(frozen=True)
class Extras:
    """What is asked for beside the readings.

    Attributes
    ----------
    method
        How missing values are filled; None = they are not.
    longest_s
        Longest hole that is filled.
    corrected
        Whether corrections take the place of the originals in the values.
    """

    method: FillMethod | None
    longest_s: int
    corrected: bool


def require_extras(extras: Extras, lengths: Sequence[int], file_format: str, *, span_ms: int) -> None:
    """Refuse what cannot be answered.

    Raises
    ------
    BadRequest
        When a file is to hold filled values, corrections are to stand in buckets, or a profile in long buckets or
        over more than 31 days.
    """
    if file_format != "json" and (extras.method is not None or extras.corrected):
        raise BadRequest(f"format is {file_format}; fill and corrected are answered as json: a file holds what was measured")
    if extras.corrected and any(lengths):
        raise BadRequest("corrected=true stands in single frames only: ask for every=raw")
    if extras.method == "profile" and any(length > PROFILE_S for length in lengths):
        raise BadRequest(f"fill is profile; it fills frames and buckets of at most {PROFILE_S} s: ask for every=raw, 60 or 600")
    if extras.method == "profile" and span_ms > MOST_PROFILED_MS:
        raise BadRequest(f"fill is profile over {span_ms // DAY_MS} days; from and to must be at most 31 days apart for it")


async def extras_of(
    history: PostgresHistory,
    pool: Pool,
    city_id: int,
    *,
    source: Source,
    curve: Curve,
    span: tuple[int, int],
    extras: Extras,
) -> Mapping[str, dict[str, Any]]:
    """Return by point what stands beside its values."""
    found: dict[str, dict[str, Any]] = {point.point.name: {} for point in curve.points}
    for correction in await list_corrections(pool, city_id, source.asset_id, *span):
        if correction.source_id == source.source_id and correction.point in found:
            found[correction.point].setdefault("corrections", []).append(_told(correction))
    if extras.method is not None:
        step_ms = 1000 * (curve.every_s or source.period_s)
        for point in curve.points:
            before = await _before(history, city_id, source, point.point, span) if extras.method == "profile" else None
            filled = fill(curve, point, extras.method, step_ms=step_ms, longest_ms=1000 * extras.longest_s, before=before)
            found[point.point.name]["filled"] = {
                "filled": True,
                "method": extras.method,
                "flag": FILLED_FLAG,
                "observed_at": filled.at_ms,
                "values": filled.values.astype(np.float32) if point.point.slot == "gauge" else filled.values,
            }
    return found


async def _before(history: PostgresHistory, city_id: int, source: Source, point: Point, span: tuple[int, int]) -> Curve:
    start_ms = max(span[0] - PROFILE_DAYS * DAY_MS, 0)
    return await history.curve(city_id, source.source_id, [point], start_ms, span[1], every_s=PROFILE_S)


def _told(correction: Correction) -> dict[str, Any]:
    return {
        "check_id": correction.check_id,
        "observed_at": round(correction.observed_at.timestamp() * 1000),
        "original": correction.value,
        "value": correction.corrected,
        "seat": correction.verdict_by,
        "note": correction.note,
    }


def with_corrections(curve: Curve, beside: Mapping[str, dict[str, Any]]) -> Curve:
    """Return a curve of single frames with the corrections in the place of the originals; those are good values then."""
    return replace(curve, points=tuple(_corrected(curve, point, beside) for point in curve.points))


def _corrected(curve: Curve, point: PointCurve, beside: Mapping[str, dict[str, Any]]) -> PointCurve:
    corrections = beside[point.point.name].get("corrections", [])
    if not corrections:
        return point
    values, quality = point.values.copy(), point.quality.copy()
    for correction in corrections:
        at = np.flatnonzero(curve.at_ms == correction["observed_at"])
        values[at], quality[at] = correction["value"], Quality.GOOD
    return replace(point, values=values, quality=quality)
