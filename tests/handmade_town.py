"""A town of a dozen assets, written by hand into `asset`: what tile, raster and scene tests build on.

The town lies around (125.32 E, 43.88 N): two streets, a lake, two districts, two companies, one substation, a few pipes
(supply, return, a lone return, gas), buildings with a hole and with two parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from data.pool import connect

LON, LAT = 125.32, 43.88
DISTRICT_WEST, DISTRICT_EAST, COMPANY_A, COMPANY_B = 1, 2, 3, 4
SUBSTATION = 10


@dataclass(frozen=True)
class Row:
    """One row of `asset`, with the fields a tile depends on."""

    asset_id: int
    kind: str
    wkt: str | None
    name: str = ""
    company_id: int | None = None
    area_id: int | None = None
    pair_id: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def tile_of(zoom: int, lon: float = LON, lat: float = LAT) -> tuple[int, int]:
    """Return column and row of the Web Mercator tile that holds a place (the textbook formula)."""
    n = 2**zoom
    row = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * n
    return int((lon + 180) / 360 * n), int(row)


def lonlat(east_m: float, north_m: float) -> str:
    """Return `lon lat` of a place so many metres from the middle of the town."""
    return f"{LON + east_m / 80_280:.8f} {LAT + north_m / 111_100:.8f}"


def line(*places: tuple[float, float]) -> str:
    return "LINESTRING(" + ",".join(lonlat(*place) for place in places) + ")"


def ring(east: float, north: float, width: float, height: float) -> str:
    corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
    return "(" + ",".join(lonlat(east + x, north + y) for x, y in corners) + ")"


def box(east: float, north: float, width: float, height: float) -> str:
    return f"POLYGON({ring(east, north, width, height)})"


def pipe(asset_id: int, wkt: str, **more: Any) -> Row:
    """Return a pipe; `level`, `side`, `medium`, `dn` are attributes, the rest are fields of the row."""
    attributes = {"network_level": more.pop("level", "primary"), "side": more.pop("side", "supply"), "dn": more.pop("dn", 400)}
    if "medium" in more:
        attributes["medium"] = more.pop("medium")
    return Row(asset_id, "pipe", wkt, attributes=attributes, **more)


_WEST = {"company_id": COMPANY_A, "area_id": DISTRICT_WEST}
_EAST = {"company_id": COMPANY_B, "area_id": DISTRICT_EAST}

TOWN: Sequence[Row] = (
    Row(DISTRICT_WEST, "district", box(-1500, -1500, 1500, 3000), "西区"),
    Row(DISTRICT_EAST, "district", box(0, -1500, 1500, 3000), "东区"),
    Row(COMPANY_A, "company", None, "甲热力"),
    Row(COMPANY_B, "company", None, "乙热力"),
    Row(SUBSTATION, "substation", f"POINT({lonlat(0, 0)})", "一号站", **_WEST),
    Row(11, "valve", f"POINT({lonlat(-300, 0)})", **_WEST),
    Row(12, "building_inlet", f"POINT({lonlat(120, 40)})", **_EAST),
    Row(13, "plant", f"POINT({lonlat(-1200, 900)})", "热电厂", **_WEST),
    Row(14, "plant_branch", box(-500, 300, 80, 60), "改造一期", **_WEST),
    pipe(20, line((-1200, 900), (-300, 0)), pair_id=20, **_WEST),
    pipe(21, line((-1200, 900), (-300, -1)), pair_id=20, side="return", **_WEST),
    pipe(22, line((-300, 0), (0, 0)), pair_id=22, **_WEST),
    pipe(23, line((-300, 0), (-150, -1), (0, 0)), pair_id=22, side="return", **_WEST),
    pipe(24, line((0, 0), (120, 40)), pair_id=24, level="secondary", dn=150, **_EAST),
    pipe(25, line((0, 0), (60, 19), (120, 40)), pair_id=24, level="secondary", dn=150, side="return", **_EAST),
    pipe(26, line((200, 200), (260, 200)), level="secondary", side="return", dn=None, **_EAST),
    pipe(27, line((-800, -400), (800, -400)), level="primary", medium="gas", dn=200),
    Row(
        30,
        "building",
        f"POLYGON({ring(120, 40, 60, 40)},{ring(135, 50, 20, 15)})",
        "回字楼",
        area_id=DISTRICT_EAST,
        attributes={"height_m": 21.5, "substation_code": f"substation-{SUBSTATION}"},
    ),
    Row(
        31,
        "building",
        f"MULTIPOLYGON(({ring(-200, 60, 30, 12)}),({ring(-150, 60, 30, 12)}))",
        "双子楼",
        area_id=DISTRICT_WEST,
        attributes={"storeys": 6},
    ),
    Row(32, "building", box(40, -90, 15, 10), area_id=DISTRICT_EAST),
    Row(40, "road", line((-1500, -20), (1500, -20)), "人民大街", attributes={"road_class": "primary"}),
    Row(41, "road", line((-20, -1500), (-20, 1500)), attributes={"road_class": "烂泥路"}),
    Row(42, "water", box(500, 500, 300, 200), "南湖"),
    Row(43, "green", box(500, 100, 200, 200)),
)

COVERS: Sequence[Row] = (
    Row(50, "coverage_area", box(-1400, -800, 1300, 1700), attributes={"of_kind": "company", "of_code": f"company-{COMPANY_A}"}),
    Row(51, "coverage_area", box(-1300, -300, 1200, 1300), "热电厂范围", attributes={"of_kind": "plant", "of_code": "plant-13"}),
    Row(52, "licence_area", box(-1500, -1500, 1500, 3000), attributes={"company_code": f"company-{COMPANY_A}"}, **_WEST),
    Row(53, "coverage_area", box(100, 100, 50, 50), attributes={"of_kind": "school", "of_code": "S-1"}),
)
"""Areas that something covers, among them one of a thing that nobody knows; no part of `TOWN`."""

_INSERT = """
insert into asset (city_id, asset_id, version, kind, code, name, company_id, area_id, pair_id, geom, attributes, row_sha256)
values (%s, %s, 1, %s, %s, %s, %s, %s, %s, st_geomfromtext(%s, 4326), %s::jsonb, ''::bytea)
"""


def insert_town(database_url: str, rows: Sequence[Row] = TOWN, *, city_id: int = 1) -> None:
    """Write a city with those assets; running it again for the same city adds rows and a new assets version."""
    with connect(database_url) as connection:
        connection.execute(
            "insert into city (city_id, name_zh, name_en, zone, synthetic, attribution, assets_version)"
            " values (%s, '手工镇', 'Handmade', 'Asia/Shanghai', true, 'made by hand', 1)"
            " on conflict (city_id) do update set assets_version = city.assets_version + 1",
            (city_id,),
        )
        for row in rows:
            values = (row.asset_id, row.kind, f"{row.kind}-{row.asset_id}", row.name, row.company_id, row.area_id, row.pair_id)
            connection.execute(_INSERT, (city_id, *values, row.wkt, orjson.dumps(row.attributes).decode()))
