"""A town with a ring by hand: a plant, three substations on a ring, a valve between every two of them.

              11 v N(2) v 12
    13 - A(1) <            > E(3)
              21 v S(4) v 22

Valve 11 lies between A and N, 12 between N and E, 21 between A and S, 22 between S and E; each shuts supply and return. Valve
31 lies before A. Substation 101 at N feeds buildings 201 and 202 (estate 301), 102 at E feeds 203, 103 at S feeds 204.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from data.pool import connect
from tests.handmade_town import COMPANY_A, COMPANY_B, DISTRICT_EAST, DISTRICT_WEST, Row, box, insert_town, line, lonlat, pipe

PLANT = 13
N, E, S = 101, 102, 103
BUILDINGS_OF = {N: (201, 202), E: (203,), S: (204,)}
_WEST = {"company_id": COMPANY_A, "area_id": DISTRICT_WEST}
_EAST = {"company_id": COMPANY_B, "area_id": DISTRICT_EAST}
_PLACES = {"P": (-900.0, 0.0), "V": (-700.0, 0.0), "A": (-500.0, 0.0), "N": (0.0, 400.0), "E": (500.0, 0.0), "S": (0.0, -400.0)}
_PLACES |= {"11": (-250.0, 200.0), "12": (250.0, 200.0), "21": (-250.0, -200.0), "22": (250.0, -200.0)}
_WAYS = (
    ("P", "V"),
    ("V", "A"),
    ("A", "11"),
    ("11", "N"),
    ("N", "12"),
    ("12", "E"),
    ("A", "21"),
    ("21", "S"),
    ("S", "22"),
    ("22", "E"),
)
PIPE_OF = {way: 401 + 2 * number for number, way in enumerate(_WAYS)}
"""Supply pipe of each way; its return pipe has the next number."""


def _pipes() -> list[Row]:
    rows = []
    for way, asset_id in PIPE_OF.items():
        start, end = _PLACES[way[0]], _PLACES[way[1]]
        aside = ((start[0] + end[0]) / 2 + 3, (start[1] + end[1]) / 2 + 3)
        rows.append(pipe(asset_id, line(start, end), pair_id=asset_id, **_WEST))
        rows.append(pipe(asset_id + 1, line(start, aside, end), pair_id=asset_id, side="return", **_WEST))
    return rows


def _point(place: str) -> str:
    return f"POINT({lonlat(*_PLACES[place])})"


def _valve(asset_id: int, place: str) -> Row:
    attributes = {"normal_state": "open", "network_level": "primary", "operability": "usable"}
    return Row(asset_id, "valve", _point(place), f"{asset_id}号阀", attributes=attributes, **_WEST)


def _building(asset_id: int, substation_id: int, east: float, **more: object) -> Row:
    attributes = {"substation_code": f"substation-{substation_id}", "heat_user_count": asset_id - 190, "heat_load_mw": 0.1}
    attributes |= {"heated_area_m2": 1000.0 * (asset_id - 200), "address": f"人民大街{asset_id}号", **more}
    return Row(asset_id, "building", box(east, 600, 30, 12), f"{asset_id}号楼", attributes=attributes, **_EAST)


ROWS: Sequence[Row] = (
    Row(DISTRICT_WEST, "district", box(-1500, -1500, 1500, 3000), "西区"),
    Row(DISTRICT_EAST, "district", box(0, -1500, 1500, 3000), "东区"),
    Row(COMPANY_A, "company", None, "甲热力"),
    Row(COMPANY_B, "company", None, "乙热力"),
    Row(PLANT, "plant", _point("P"), "热电厂", **_WEST),
    Row(14, "boiler_house", f"POINT({lonlat(900, 900)})", "调峰锅炉", attributes={"peak_only": True}, **_WEST),
    *(Row(asset_id, "substation", _point(at), f"{at}站", **_WEST) for asset_id, at in ((N, "N"), (E, "E"), (S, "S"))),
    *(_valve(asset_id, place) for asset_id, place in ((11, "11"), (12, "12"), (21, "21"), (22, "22"), (31, "V"))),
    *_pipes(),
    Row(301, "estate", box(-100, 550, 400, 200), "=阳光小区", **_EAST),
    _building(201, N, 0, estate_code="estate-301", critical_use="hospital"),
    _building(202, N, 60, estate_code="estate-301"),
    _building(203, E, 400),
    _building(204, S, 800),
)

USERS = (
    ("user-1", "王某", 201, {"unit": "1", "door": "101", "phone": "13800000001", "heated_area_m2": 90.5}),
    ("user-2", "李某", 201, {"unit": "2", "door": "202", "phone": "13800000002", "heated_area_m2": 70.0}),
)


def insert_ring(database_url: str) -> None:
    """Write the town, with two heat users of building 201."""
    insert_town(database_url, ROWS)
    with connect(database_url) as connection:
        connection.execute("insert into asset_key select city_id, kind, code, asset_id from asset where city_id = 1")
        connection.execute("update city set network_version = 1")
        for row_id, (code, name, asset_id, attributes) in enumerate(USERS, 1):
            connection.execute(
                "insert into register_row (city_id, kind, row_id, code, name, asset_id, company_id, area_id, attributes,"
                " row_sha256, import_id) values (1, 'heat_user', %s, %s, %s, %s, %s, %s, %s, ''::bytea, 0)",
                (row_id, code, name, asset_id, COMPANY_B, DISTRICT_EAST, Jsonb(attributes)),
            )
