"""Reads what may stand in a vertical section of the ground."""

from __future__ import annotations

import math

import shapely

from data.assets import grid_deg
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope
from twin.sections import KINDS, PIPE_KINDS, SectionAsset

_METRES_PER_DEGREE = 111_000.0


async def read_section_assets(
    pool: Pool, scope: Scope, city_id: int, line_wgs84: shapely.LineString, reach_m: float
) -> list[SectionAsset]:
    """Return the visible assets that come within `reach_m` metres of a line, and some that come near.

    A Scope that rounds coordinates gets rounded places without heights.

    Cost: one search of the index of places.
    """
    _, south, _, north = line_wgs84.bounds
    reach_deg = reach_m / (_METRES_PER_DEGREE * math.cos(math.radians(max(abs(south), abs(north)))))
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("section_assets"), *parameters, list(KINDS), _ewkb(line_wgs84), reach_deg, *grid_deg(scope))
    shapes = shapely.from_wkb([row["shape"] for row in rows])
    return [
        SectionAsset(row["asset_id"], row["kind"], row["code"], row["name"], row["pair_id"], row["attributes"], shape)
        for row, shape in zip(rows, shapes, strict=True)
    ]


async def count_hidden_pipes(pool: Pool, scope: Scope, city_id: int, line_wgs84: shapely.LineString) -> int | None:
    """Return how many pipes the line cuts that the Scope does not hold; None for a Scope that rounds or holds no pipes.

    There, counts of many lines would tell where a pipe lies.
    """
    kinds = [kind for kind in PIPE_KINDS if scope.allows_layer(kind)]
    if scope.precision_m is not None or not kinds:
        return None
    if scope.areas is None and scope.company_ids is None:
        return 0
    parameters = scope_parameters(scope, city_id).as_tuple()
    return int(await pool.fetchval(sql("section_hidden"), *parameters, kinds, _ewkb(line_wgs84)))


def _ewkb(line: shapely.LineString) -> str:
    return bytes(shapely.to_wkb(shapely.set_srid(line, 4326), include_srid=True)).hex()
