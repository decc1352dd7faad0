"""Vertical sections: what a plane along a line on the map cuts, and how deep it lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import shapely
from fastapi import APIRouter, Query
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep, SettingsDep
from api.errors import BadRequest
from api.settings import Settings
from api.solids import GROUND_LAYER
from data.cities import list_cities
from data.pool import Pool
from data.rasters import list_rasters
from data.sections import count_hidden_pipes, read_section_assets
from tiles.raster import heights_within
from twin.scope import Scope
from twin.sections import AreaCut, FittingCut, PipeCut, cut_section, length_of

router = APIRouter(tags=["sections"])

LONGEST_M: Final = 5_000.0
SHORTEST_M: Final = 0.5
MOST_POINTS: Final = 50
_AROUND_M: Final = 20.0  # beyond the farthest fitting: pipes are looked for by their axis
_MARGIN_DEG: Final = 0.01

_LineQuery = Annotated[
    str,
    Query(
        max_length=4000,
        description=f"lon,lat;lon,lat;... in degrees of WGS-84: 2 to {MOST_POINTS} points, {LONGEST_M:g} m at most.",
        examples=["125.32,43.88;125.322,43.88"],
    ),
]
_ReachQuery = Annotated[
    float, Query(ge=0, le=50, allow_inf_nan=False, description="How far from the plane a fitting may be, metres.", examples=[2])
]


class SectionPlace(BaseModel):
    """A place of a pipe in a section."""

    distance_m: float = Field(description="Along the line.", examples=[42.15])
    crown_depth_m: float = Field(description="Ground to crown; below 0 for what stands over the ground.", examples=[1.2])
    axis_depth_m: float = Field(description="Ground to axis.", examples=[1.36])
    ground_m: float | None = Field(description="Height of the ground, national height datum; null: unknown.", examples=[212.4])
    axis_m: float | None = Field(description="Height of the axis; null: unknown.", examples=[211.04])
    position_wgs84: tuple[float, float] = Field(description="lon, lat in degrees.", examples=[(125.3205, 43.88)])


class SectionPipe(BaseModel):
    """A pipe in a section: across (one place) or along the plane (several places)."""

    asset_id: int = Field(examples=[20])
    kind: Literal["pipe", "gas_pipe"]
    code: str = Field(examples=["GX000020"])
    pair_id: int | None = Field(description="Supply and return of one trench have the same.", examples=[20])
    dn: int | None = Field(description="Nominal diameter, mm.", examples=[200])
    outer_diameter_mm: float | None = Field(description="With insulation; null: nothing tells it.", examples=[309.0])
    level: int = Field(description="0 unknown, 1 transmission, 2 primary, 3 secondary, 4 direct.", examples=[2])
    side: int = Field(description="0 unknown, 1 supply, 2 return.", examples=[1])
    burial_method: str = Field(description="Code of GB/T 36625.5-2019 0810008; empty: unknown.", examples=["1"])
    depth_source: Literal["surveyed", "from_depth", "default"] = Field(
        description="Surveyed heights; recorded burial depth; neither: a cover that stands in for it."
    )
    along: bool = Field(description="True: it runs along the plane; `course` tells where and how deep.")
    angle_deg: float = Field(description="Between pipe and plane; 0 for a pipe along it.", examples=[88.5])
    width_m: float | None = Field(description="Of the ellipse that the plane cuts, along the line.", examples=[0.309])
    course: list[SectionPlace]


class SectionFitting(BaseModel):
    """A valve, chamber or pipe point near the plane."""

    asset_id: int = Field(examples=[11])
    kind: str = Field(examples=["valve"])
    code: str = Field(examples=["FM000011"])
    distance_m: float = Field(description="Along the line.", examples=[42.0])
    offset_m: float = Field(description="How far to the left of the line; below 0: to the right.", examples=[-0.8])
    depth_m: float | None = Field(description="Ground to its top; null: not recorded.", examples=[1.2])
    ground_m: float | None = Field(examples=[212.4])


class SectionArea(BaseModel):
    """A building, water or road that the plane cuts."""

    asset_id: int = Field(examples=[30])
    kind: str = Field(examples=["building"])
    code: str = Field(examples=["LD000030"])
    name: str = Field(examples=["3号楼"])
    from_m: float = Field(description="Along the line.", examples=[12.0])
    to_m: float = Field(description="Along the line; that of `from_m` for a road.", examples=[24.0])
    height_m: float | None = Field(description="Of a building; null: not recorded.", examples=[18.0])


class SectionGround(BaseModel):
    """A point of the ground's profile."""

    distance_m: float = Field(examples=[10.0])
    height_m: float | None = Field(description="National height datum; null: no ground raster there.", examples=[212.4])


class SectionAnswer(BaseModel):
    """A vertical section; lists go by rising distance."""

    length_m: float = Field(examples=[160.6])
    turns_m: list[float] = Field(description="Where the line turns.", examples=[[80.3]])
    reach_m: float = Field(examples=[2.0])
    step_m: float = Field(description="Between two points of the profile.", examples=[0.4])
    ground: list[SectionGround]
    pipes: list[SectionPipe]
    fittings: list[SectionFitting]
    areas: list[SectionArea]
    hidden_pipes: int | None = Field(
        description="Pipes that the plane cuts and the caller does not see; null: the caller's coordinates are rounded, or"
        " pipes are none of the caller's layers.",
        examples=[0],
    )


@router.get("/sections")
async def get_section(
    *, caller: CallerDep, city: CityDep, pool: PoolDep, settings: SettingsDep, line: _LineQuery, reach_m: _ReachQuery = 2.0
) -> SectionAnswer:
    """Cut the ground along a line: pipes with true size and depth, fittings nearby, buildings, waters, roads, the ground."""
    shape = parse_line(line)
    await _require_inside(pool, caller.scope, city, shape)
    found = await read_section_assets(pool, caller.scope, city, shape, reach_m + _AROUND_M)
    hidden = await count_hidden_pipes(pool, caller.scope, city, shape)
    heights = await _ground(pool, settings, city, caller.scope, shape)
    section = await asyncio.to_thread(cut_section, shape, found, heights, reach_m)
    return SectionAnswer(
        length_m=round(section.length_m, 3),
        turns_m=[round(turn, 3) for turn in section.turns_m],
        reach_m=reach_m,
        step_m=round(section.step_m, 3),
        ground=[SectionGround(distance_m=round(at, 3), height_m=_rounded(height)) for at, height in section.ground],
        pipes=[_pipe(cut) for cut in section.pipes],
        fittings=[_fitting(cut) for cut in section.fittings],
        areas=[_area(cut) for cut in section.areas],
        hidden_pipes=hidden,
    )


def parse_line(text: str) -> shapely.LineString:
    """Read `lon,lat;lon,lat` in degrees.

    Raises
    ------
    BadRequest
        When it is no line, or too short, too long or of too many points.
    """
    try:
        points = [tuple(float(number) for number in point.split(",")) for point in text.split(";")]
    except ValueError:
        raise BadRequest(f"line is {text[:100]!r}; it must be lon,lat;lon,lat;... in degrees") from None
    if not all(len(point) == 2 and abs(point[0]) <= 180 and abs(point[1]) <= 85 for point in points):
        raise BadRequest(f"line is {text[:100]!r}; each point must be lon,lat: -180 to 180, -85 to 85 degrees")
    if not 2 <= len(points) <= MOST_POINTS:
        raise BadRequest(f"line has {len(points)} points; a section needs 2 to {MOST_POINTS}")
    shape = shapely.LineString(points)
    west, south, east, north = shape.bounds
    if east - west > 1 or north - south > 1:
        raise BadRequest(f"line spans {max(east - west, north - south):.1f} degrees; a section is at most {LONGEST_M:g} m long")
    length = length_of(shape)
    if not SHORTEST_M <= length <= LONGEST_M:
        raise BadRequest(f"line is {length:.1f} m long; a section is {SHORTEST_M:g} to {LONGEST_M:g} m long")
    return shape


async def _require_inside(pool: Pool, scope: Scope, city_id: int, shape: shapely.LineString) -> None:
    box = next((city.bbox_wgs84 for city in await list_cities(pool, scope) if city.city_id == city_id), None)
    if box is None or shapely.box(*box).buffer(_MARGIN_DEG).intersects(shape):
        return
    at = shape.coords[0]
    raise BadRequest(
        f"line begins at {at[0]:.5f},{at[1]:.5f} and lies outside the city, which spans {', '.join(f'{x:.4f}' for x in box)}"
        " (west, south, east, north); draw it within"
    )


async def _ground(
    pool: Pool, settings: Settings, city_id: int, scope: Scope, shape: shapely.LineString
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    rasters = await list_rasters(pool, city_id) if scope.allows_layer("raster") else []
    path = next((settings.var_dir / each.path for each in rasters if each.layer == GROUND_LAYER), None)
    if path is None or not Path(path).is_file():
        return lambda lonlat: np.full(len(lonlat), np.nan)
    west, south, east, north = shape.bounds
    bounds = (west - _MARGIN_DEG / 10, south - _MARGIN_DEG / 10, east + _MARGIN_DEG / 10, north + _MARGIN_DEG / 10)
    return await asyncio.to_thread(heights_within, path, bounds)


def _pipe(cut: PipeCut) -> SectionPipe:
    return SectionPipe(
        asset_id=cut.asset_id,
        kind="gas_pipe" if cut.kind == "gas_pipe" else "pipe",
        code=cut.code,
        pair_id=cut.pair_id or None,
        dn=cut.dn,
        outer_diameter_mm=None if cut.outer_diameter_m is None else round(cut.outer_diameter_m * 1000, 1),
        level=cut.level,
        side=cut.side,
        burial_method=cut.burial_method,
        depth_source=cut.depth_source,
        along=len(cut.course) > 1,
        angle_deg=round(cut.angle_deg, 2),
        width_m=_rounded(cut.width_m),
        course=[
            SectionPlace(
                distance_m=round(at.distance_m, 3),
                crown_depth_m=round(at.crown_depth_m, 3),
                axis_depth_m=round(at.axis_depth_m, 3),
                ground_m=_rounded(at.ground_m),
                axis_m=_rounded(at.axis_m),
                position_wgs84=(round(at.position_wgs84[0], 7), round(at.position_wgs84[1], 7)),
            )
            for at in cut.course
        ],
    )


def _fitting(cut: FittingCut) -> SectionFitting:
    return SectionFitting(
        asset_id=cut.asset_id,
        kind=cut.kind,
        code=cut.code,
        distance_m=round(cut.distance_m, 3),
        offset_m=round(cut.offset_m, 3),
        depth_m=_rounded(cut.depth_m),
        ground_m=_rounded(cut.ground_m),
    )


def _area(cut: AreaCut) -> SectionArea:
    return SectionArea(
        asset_id=cut.asset_id,
        kind=cut.kind,
        code=cut.code,
        name=cut.name,
        from_m=round(cut.from_m, 3),
        to_m=round(cut.to_m, 3),
        height_m=_rounded(cut.height_m),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
