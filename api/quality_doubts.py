"""From a body or a flag to a value that is to be checked, and which corrections can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from api.errors import BadRequest
from api.quality_check_answers import QualityCheckBody
from data.errors import NotFound
from data.history.postgres import PostgresHistory
from data.quality_checks import FETCH_AGAIN, Doubt, StoredCheck
from twin.history import Curve
from twin.quality import Quality
from twin.readings import Source
from twin.schemas import Point
from twin.scope import Scope

MAX_AGAIN_MS = 31 * 86_400_000
"""Longest time that can be asked for again at once."""


async def doubt_of(history: PostgresHistory, scope: Scope, city_id: int, body: QualityCheckBody) -> Doubt:
    """Return the value that a body is about, as it is stored.

    Raises
    ------
    NotFound
        When the asset has no source that the caller sees, or no frame of that time.
    BadRequest
        When source or point are none of the asset's, or the time to send again makes no sense.
    """
    sources = await history.sources_of_asset(scope, city_id, body.asset_id)
    if not sources:
        raise NotFound(f"no source reports on asset {body.asset_id} in city {city_id}")
    source = _source_of(sources, body)
    points = _points_of(source, body)
    if body.until is not None:
        return _again(source, body, body.until)
    at = body.observed_at
    curve = await history.curve(city_id, source.source_id, points, at, at + 1, limit=1)
    if not len(curve):
        raise NotFound(f"source {source.code!r} has no frame of {at}; observed_at must be the time of one")
    value, flag = _worst(curve) if not body.point else (float(curve.points[0].values[0]), int(curve.points[0].quality[0]))
    shown = None if value is None or np.isnan(value) else value
    why = ("人工提出", "doubted by a person")
    return Doubt(source.asset_id, source.source_id, body.point, at, shown, flag, "", *why)


def _source_of(sources: Sequence[Source], body: QualityCheckBody) -> Source:
    known = ", ".join(source.code for source in sources)
    if body.source is None:
        if len(sources) > 1:
            raise BadRequest(f"asset {body.asset_id} has several sources; source must be one of {known}")
        return sources[0]
    for source in sources:
        if source.code == body.source:
            return source
    raise BadRequest(f"source is {body.source!r}; asset {body.asset_id} has {known}")


def _points_of(source: Source, body: QualityCheckBody) -> list[Point]:
    points = [point for point in source.schema.points if body.point in ("", point.name)]
    if not points:
        known = ", ".join(point.name for point in source.schema.points)
        raise BadRequest(f"point is {body.point!r}; source {source.code!r} has {known}")
    return points


def _again(source: Source, body: QualityCheckBody, until: int) -> Doubt:
    if not 0 < until - body.observed_at <= MAX_AGAIN_MS:
        raise BadRequest(f"observed_at is {body.observed_at}, until is {until}; until must lie after it, at most 31 days")
    why = ("请求补传", "asked to be sent again")
    return Doubt(
        source.asset_id, source.source_id, body.point, body.observed_at, None, int(Quality.MISSING), FETCH_AGAIN, *why, until
    )


def _worst(curve: Curve) -> tuple[None, int]:
    return None, max(int(point.quality[0]) for point in curve.points)


def require_correction(check: StoredCheck, sources: Sequence[Source], corrected: float) -> None:
    """Refuse a correction that the point cannot have.

    Raises
    ------
    BadRequest
        When the check is about a whole frame, or the value lies outside the range of its point.
    """
    point = next(
        (
            point
            for source in sources
            if source.code == check.source
            for point in source.schema.points
            if point.name == check.point
        ),
        None,
    )
    if point is None:
        raise BadRequest(f"check {check.check_id} is about a whole frame; only a value of one point is corrected")
    low, high = (-np.inf if point.low is None else point.low), (np.inf if point.high is None else point.high)
    if not low <= corrected <= high:
        raise BadRequest(f"corrected is {corrected:g}; {point.name} lies within {low:g} to {high:g} {point.unit}")
