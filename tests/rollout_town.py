"""Two districts with a zone across their border, three townships and seven villages, and random rows of the rollout's registers.

The rows are drawn from a seed and handed out as plain dicts, so that a test reckons from the very values that went in.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from data.pool import connect
from tests.handmade_town import Row, box, insert_town, lonlat
from twin.registers import FAULT_KINDS, FUELS

NORTH, SOUTH, ZONE = 1, 2, 3
TOWNSHIPS = {11: NORTH, 12: NORTH, 13: SOUTH}
VILLAGES = {21: 11, 22: 11, 23: 12, 24: 12, 25: 13, 26: 13, 27: 13}
"""Village to township; 26 and 23 lie in the zone, 27 has no household and no outline."""
IN_ZONE = (23, 26)
DISTRICT_OF = {village: TOWNSHIPS[township] for village, township in VILLAGES.items()}
YEARS = (2023, 2024, 2025)
TYPES = {"热泵风机4P": "electric", "颗粒炉+散热器": "biomass", "太阳能+热泵": "solar"}
SUPPLIERS = ("甲厂", "乙厂")
_CENTRES = {21: (-900, 700), 22: (-300, 800), 23: (700, 60), 24: (900, 800), 25: (-900, -800), 26: (500, -60), 27: (900, -900)}


@dataclass(frozen=True)
class RegisterRow:
    """One row: its register, the id of the asset that it hangs on (None: unknown), its district and its values."""

    kind: str
    code: str
    asset_id: int | None
    area_id: int | None
    values: dict[str, Any] = field(default_factory=dict)
    place: tuple[float, float] | None = None


def areas() -> list[Row]:
    """Return the areas as assets."""
    rows = [
        Row(NORTH, "district", box(-1500, 0, 3000, 1500), "北区"),
        Row(SOUTH, "district", box(-1500, -1500, 3000, 1500), "南区"),
        Row(ZONE, "zone", box(400, -300, 800, 600), "跨界开发区"),
        Row(11, "township", box(-1500, 0, 1500, 1500), "甲镇", area_id=NORTH),
        Row(12, "township", box(0, 0, 1500, 1500), "乙镇", area_id=NORTH),
        Row(13, "township", box(-1500, -1500, 3000, 1500), "丙乡", area_id=SOUTH),
    ]
    for village, township in VILLAGES.items():
        # two name their township, the others are found by where they lie
        parent = f"township-{township}" if village in {21, 25} else f"district-{TOWNSHIPS[township]}"
        wkt = f"POINT({lonlat(*_CENTRES[village])})"
        rows.append(Row(village, "village", wkt, f"{village}屯", area_id=TOWNSHIPS[township], attributes={"parent_code": parent}))
    return rows


def devices(seed: int) -> list[Row]:
    """Return heating devices, some of them in villages by code only."""
    draw = random.Random(seed)
    rows = []
    for number in range(60):
        village = draw.choice([21, 22, 23, 25, 26])
        kind = draw.choice([*TYPES])
        attributes = {
            "village_code": f"village-{village}",
            "device_type": kind,
            "power_kw": draw.choice([8.0, 10.5, 12.0]),
            "installed_year": draw.choice(YEARS),
        }
        rows.append(Row(1000 + number, "heating_device", f"POINT({lonlat(*_CENTRES[village])})", attributes=attributes))
    return rows


def register_rows(seed: int, now: dt.datetime) -> list[RegisterRow]:
    """Return rows of every register of the rollout."""
    draw = random.Random(seed)
    return [*_households(draw), *_told_of_villages(draw, now), *_told_of_areas(draw)]


def _households(draw: random.Random) -> list[RegisterRow]:
    rows = []
    for number in range(240):
        village = draw.choice([21, 22, 23, 24, 25, 26])
        kind = draw.choice([*TYPES])
        values: dict[str, Any] = {
            "village_code": f"village-{village}",
            "retrofit_type": kind,
            "energy_type": TYPES[kind],
            "supplier": draw.choice(SUPPLIERS),
            "floor_area_m2": round(draw.uniform(50, 150), 1),
            "resident_name": f"张{number}",
        }
        if draw.random() < 0.1:
            values["household_group"] = "control"
        state = draw.choice(["in_use", "in_use", "in_use", None, "delivered", "installing", "planned"])
        if state is not None:
            values["install_state"] = state
        if state in {"in_use", None}:
            values["installed_year"] = draw.choice(YEARS)
        values |= {name: True for name in ("insulated", "permanent") if draw.random() < 0.4}
        east, north = _CENTRES[village]
        place = (east + draw.uniform(-60, 60), north + draw.uniform(-60, 60))
        rows.append(RegisterRow("household", f"NH{number:04d}", village, DISTRICT_OF[village], values, place))
    return rows


def _told_of_villages(draw: random.Random, now: dt.datetime) -> list[RegisterRow]:
    rows = []
    for number in range(120):
        village = draw.choice([*VILLAGES])
        at = (village, DISTRICT_OF[village])
        reported = now - dt.timedelta(days=draw.uniform(0, 900))
        ticket: dict[str, Any] = {
            "fault_kind": draw.choice([*FAULT_KINDS]),
            "reported_at": _text(reported),
            "supplier": draw.choice(SUPPLIERS),
        }
        if draw.random() < 0.8:
            ticket["resolved_at"] = _text(reported + dt.timedelta(hours=draw.uniform(1, 80)))
        rows.append(RegisterRow("service_ticket", f"BX{number:04d}", *at, ticket))
        answer: dict[str, Any] = {"supplier": draw.choice(SUPPLIERS), "retrofit_score": draw.randint(1, 5)}
        if draw.random() < 0.7:
            answer["supplier_score"] = draw.randint(1, 5)
        rows.append(RegisterRow("satisfaction_answer", f"WJ{number:04d}", *at, answer))
        energy = {
            "season": draw.choice(["2024-2025", "2025-2026"]),
            "fuel": draw.choice([*FUELS]),
            "quantity": draw.uniform(10, 5000),
            "household_count": draw.randint(1, 30),
            "cost_cny": draw.uniform(10, 900),
            "household_group": draw.choice(["retrofitted", "retrofitted", "control"]),
        }
        rows.append(RegisterRow("energy_use", f"YN{number:04d}", *at, energy))
    return rows


def _told_of_areas(draw: random.Random) -> list[RegisterRow]:
    rows = []
    districts = {NORTH: NORTH, SOUTH: SOUTH, ZONE: None}
    for year in YEARS:
        for area, district in {NORTH: NORTH, ZONE: None, 13: SOUTH}.items():
            target = {
                "year": year,
                "target_household_count": draw.randint(20, 60),
                "target_area_m2": 9000.0,
                "target_rate": draw.uniform(0.5, 0.9),
            }
            rows.append(RegisterRow("rollout_target", f"MB{area}-{year}", area, district, target))
    # the south reports by its township only; the zone and the north report themselves
    for area, district in {NORTH: NORTH, ZONE: None, 13: SOUTH, 11: NORTH}.items():
        for month in ("2024-12", "2025-02", "2025-11"):
            rows += [
                RegisterRow("rollout_report", f"YB{area}-{month}-{region}", area, district, _report(draw, month, region))
                for region in ("县城", "农村")
            ]
    for number in range(40):
        area = draw.choice([*districts, None])
        stands_in = districts.get(area or 0) or draw.choice([NORTH, SOUTH])
        rows.append(RegisterRow("retrofit_project", f"XM{number:03d}", area, stands_in, _project(draw)))
    return rows


def _report(draw: random.Random, month: str, region: str) -> dict[str, Any]:
    energies = ("heat", "electric", "air", "biomass", "gas", "solar")
    values: dict[str, Any] = {
        "month": month,
        "region": region,
        "heated_area_m2": draw.uniform(5e5, 9e5),
        "central_area_m2": draw.uniform(1e5, 3e5),
    }
    values |= {f"clean_{name}_m2": draw.uniform(1e4, 5e4) for name in energies if draw.random() < 0.8}
    values |= {"household_count": draw.randint(500, 900), "clean_household_count": draw.randint(100, 500)}
    values |= {
        f"{step}_{name}_cny": draw.uniform(1e5, 9e5) for step in ("allocated", "paid") for name in ("central", "local", "company")
    }
    return values


def _project(draw: random.Random) -> dict[str, Any]:
    scale = draw.uniform(1e4, 9e5)
    values = {
        "stage": draw.choice(["前期", "施工", "竣工", "验收"]),
        "technical_type": draw.choice(["热泵", "生物质"]),
        "scale_m2": scale,
        "done_m2": scale * draw.choice([0.0, 0.5, 1.0, 1.2]),
        "coal_saved_t": draw.uniform(10, 900),
    }
    return values | {
        f"{step}_{name}_cny": draw.uniform(1e5, 9e5) for step in ("planned", "paid") for name in ("central", "local", "company")
    }


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def insert_rollout(url: str, assets: Sequence[Row], rows: Sequence[RegisterRow]) -> None:
    """Write the areas and rows as change 1 of city 1."""
    insert_town(url, assets)
    with connect(url) as connection:
        connection.execute("update asset set change_id = 1")
    put_rows(url, rows, change_id=1)


def put_rows(url: str, rows: Sequence[RegisterRow], *, change_id: int) -> None:
    """Write rows as one change; a row of a known code is written over."""
    with connect(url) as connection:
        for row in rows:
            connection.execute(
                "insert into register_row as r (city_id, kind, row_id, code, name, asset_id, area_id, geom, attributes,"
                " row_sha256, import_id, change_id)"
                " select 1, %(kind)s, (select coalesce(max(row_id), 0) + 1 from register_row where kind = %(kind)s),"
                " %(code)s, '', %(asset)s, %(area)s, st_geomfromtext(%(wkt)s, 4326), %(values)s::jsonb, '', 1, %(change)s"
                " on conflict (city_id, kind, code) do update set attributes = excluded.attributes, asset_id = excluded.asset_id,"
                " change_id = excluded.change_id",
                {
                    "kind": row.kind,
                    "code": row.code,
                    "asset": row.asset_id,
                    "area": row.area_id,
                    "wkt": None if row.place is None else f"POINT({lonlat(*row.place)})",
                    "values": orjson.dumps(row.values).decode(),
                    "change": change_id,
                },
            )
