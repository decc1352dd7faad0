"""Measures the clean-heating rollout at city size: import, figures from nothing and after one report, map and API answers.

    make bench-rollout   # builds the city once, prints one line

Progress goes to stderr; the only line on stdout holds the figures. Nothing of the kept city changes: the import goes into a
database of its own, the monthly report is rolled back.

| field | meaning |
|---|---|
| households, devices | rows of the city |
| import_s | CSV files of areas, households, devices and every register of the rollout into an empty city, one transaction |
| import_rows | rows of these |
| xlsx_rows_per_s | households read from a workbook (calamine), rows a second, without the import behind it |
| figures_s | every sum of every area and year from nothing; median of three |
| figures_cold_s | the first of these |
| incremental_ms | the same after the monthly report of one district; median of nine |
| tile_ms | one tile of the rollout that nobody has asked for, by the server; median of those of the city at zooms 7, 9 and 12 |
| api_p50_ms, api_p99_ms | answers one after the other: figures of districts, townships, villages of a district; parts; tiles |
| pandas_s | pandas on the same database: columns, then group-bys of households and devices by area, year, type, supplier |
| ratio_pandas | pandas_s / figures_s, one after the other |
| peak_mb | largest resident memory of this process; the database is another |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd

from api.database import open_database
from api.settings import Settings
from benchmarks.import_city import city_settings
from benchmarks.serving import served, settle
from data.imports.run import run_import
from data.pool import Connection, connect
from data.rollout_refresh import refresh
from data.sheets import write_xlsx
from gis.tables import read_xlsx
from twin.registers import REGISTERS

_CITY = 1
_AREAS = ("district", "zone", "township", "village")
_SHEET_ROWS = 50_000
_ASKED = 40
"""Rounds of the mix of questions."""
_REPORT = """
insert into register_row (city_id, kind, row_id, code, name, asset_id, area_id, attributes, row_sha256, import_id, change_id)
select %(city)s, 'rollout_report', coalesce((select max(row_id) from register_row where kind = 'rollout_report'), 0) + 1,
       'bench-' || %(turn)s, '', a.area_id, a.area_id,
       jsonb_build_object('month', to_char(now(), 'YYYY-MM'), 'region', '农村', 'heated_area_m2', 1e7,
                          'clean_biomass_m2', 4e6 + %(turn)s, 'household_count', 60000, 'clean_household_count', 31000),
       '', 1, v.change_id + 1
  from rollout_area a
  join rollout_version v using (city_id)
 where a.city_id = %(city)s and a.kind = 'district'
 order by a.area_id
 limit 1
"""


def main() -> None:
    """Print the line."""
    started = os.getloadavg()[0]
    with open_database(city_settings(clean=True)) as settings:
        figures = {**_import(settings), **_figures(settings), **_served(settings)}
    figures["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    figures["load1"] = round(max(started, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


# ---------------------------------------------------------------- import


def _import(settings: Settings) -> dict[str, float]:
    """Import the files of the rollout into a database of its own, and read a workbook of households."""
    files = settings.var_dir / "files"
    with tempfile.TemporaryDirectory(dir=settings.var_dir) as folder:
        Path(folder).chmod(0o711)  # the database runs as another user
        manifest = files / "rollout-bench.toml"
        manifest.write_text(_manifest((files / "manifest.toml").read_text(encoding="utf-8")), encoding="utf-8")
        try:
            with open_database(replace(settings, var_dir=Path(folder), database_url="")) as fresh:
                clock = time.monotonic()
                report = run_import(manifest, fresh.database_url, seat="bench", progress=_say)
                seconds = time.monotonic() - clock
        finally:
            manifest.unlink()
        rows = sum(layer.read for layer in report.layers)
        return {"import_s": round(seconds, 1), "import_rows": rows, "xlsx_rows_per_s": _workbook(files, Path(folder))}


def _manifest(text: str) -> str:
    """Return the manifest with the layers of the rollout alone."""
    head, *layers = text.split("[[layer]]")
    rasters = text.find("[[raster]]")
    assert rasters < 0 or rasters > text.find("[[layer]]")
    wanted = {*_AREAS, "heating_device", *REGISTERS} - {"heat_user"}
    kept = [each.split("[[raster]]")[0] for each in layers if any(f'kind = "{kind}"' in each for kind in wanted)]
    return "[[layer]]".join([head, *kept])


def _workbook(files: Path, folder: Path) -> int:
    table = pd.read_csv(files / "households.csv", dtype=str, keep_default_na=False, nrows=_SHEET_ROWS)
    path = folder / "households.xlsx"
    write_xlsx(path, "households", list(table.columns), table.itertuples(index=False, name=None))
    clock = time.monotonic()
    read = read_xlsx(path, None)
    seconds = time.monotonic() - clock
    assert len(read) == len(table)
    return round(len(table) / seconds)


# ---------------------------------------------------------------- figures


def _figures(settings: Settings) -> dict[str, float]:
    with connect(settings.database_url) as connection:
        counts = dict(connection.execute("select kind, count(*) from register_row group by kind").fetchall())
        devices = connection.execute(
            "select count(*) from asset where kind = 'heating_device' and valid_to_at is null"
        ).fetchone()
        laps = [_timed(lambda: _refresh(connection)) for _ in range(3)]
        _say(f"figures {laps}", 0.4)
        reports = [_after_report(connection, turn) for turn in range(9)]
        _say(f"after a report {reports}", 0.5)
        peer = _timed(lambda: _by_pandas(connection))
        connection.rollback()
    seconds = statistics.median(laps)
    return {
        "households": counts["household"],
        "devices": 0 if devices is None else devices[0],
        "figures_s": round(seconds, 2),
        "figures_cold_s": round(laps[0], 2),
        "incremental_ms": round(1000 * statistics.median(reports), 1),
        "pandas_s": round(peer, 2),
        "ratio_pandas": round(peer / seconds, 2),
    }


def _refresh(connection: Connection) -> None:
    refresh(connection, _CITY, force=True)
    connection.commit()


def _after_report(connection: Connection, turn: int) -> float:
    """Return the seconds of a refresh after one more monthly report; everything is rolled back."""
    connection.execute(_REPORT, {"city": _CITY, "turn": turn})
    seconds = _timed(lambda: refresh(connection, _CITY))
    connection.rollback()
    return seconds


def _by_pandas(connection: Connection) -> int:
    """Compute the sums of households and devices as somebody with pandas would; returns how many rows came out."""
    homes = _frame(
        connection,
        "select asset_id as village, attributes ->> 'energy_type' as energy, attributes ->> 'retrofit_type' as type,"
        " attributes ->> 'supplier' as supplier, (attributes ->> 'installed_year')::int as year,"
        " attributes ->> 'install_state' as state, attributes ->> 'household_group' as household_group,"
        " (attributes ->> 'insulated')::boolean as insulated, (attributes ->> 'permanent')::boolean as permanent,"
        " (attributes ->> 'floor_area_m2')::float8 as area from register_row where city_id = 1 and kind = 'household'",
    )
    devices = _frame(
        connection,
        "select attributes ->> 'village_code' as code, (attributes ->> 'installed_year')::int as year,"
        " (attributes ->> 'power_kw')::float8 as power from asset"
        " where city_id = 1 and kind = 'heating_device' and valid_to_at is null",
    )
    areas = _frame(
        connection, "select area_id as village, code, township_id, district_id, zone_id from rollout_area where kind = 'village'"
    )
    homes, devices = homes.merge(areas, on="village"), devices.merge(areas, on="code")
    homes["city"] = devices["city"] = 0
    retrofitted = homes["household_group"].fillna("retrofitted") != "control"
    finished = retrofitted & (homes["state"].fillna("in_use") == "in_use")
    years = [0, *sorted(homes["year"].dropna().unique())]
    rows = 0
    for level in ("village", "township_id", "district_id", "zone_id", "city"):
        for year in years:
            done = homes[finished & ((year == 0) | (homes["year"] <= year))]
            rows += len(done.groupby(level)["area"].agg(["size", "sum"]))
            rows += len(done.pivot_table(index=level, columns="energy", values="area", aggfunc=["count", "sum"], observed=True))
            rows += len(done.groupby(level)[["insulated", "permanent"]].sum())
            rows += len(devices[(year == 0) | (devices["year"] <= year)].groupby(level)["power"].agg(["size", "sum"]))
        rows += len(homes[retrofitted].groupby([level, homes["state"].fillna("in_use")]).size())
        rows += sum(len(homes[finished].groupby([level, name])["area"].agg(["size", "sum"])) for name in ("type", "supplier"))
    return rows


def _frame(connection: Connection, statement: str) -> pd.DataFrame:
    cursor = connection.execute(statement)
    return pd.DataFrame(cursor.fetchall(), columns=[each.name for each in cursor.description or ()])


# ---------------------------------------------------------------- answers


def _served(settings: Settings) -> dict[str, float]:
    with connect(settings.database_url) as connection:
        district = connection.execute("select min(area_id) from rollout_area where kind = 'district'").fetchone()
        middles = connection.execute(
            "select st_x(p), st_y(p)"
            " from (select st_transform(point_3857, 4326) as p from rollout_area where kind = 'township') t"
        ).fetchall()
    assert district is not None
    with served(settings) as (address, pid), httpx.Client(base_url=address, timeout=60) as http:
        settle(pid, limit_s=60)
        tiles = sorted({(zoom, *_tile_at(lon, lat, zoom)) for lon, lat in middles for zoom in (7, 9, 12)})
        addresses = [f"/tiles/rollout/{zoom}/{x}/{y}.mvt?city=1" for zoom, x, y in tiles]
        cold = [_timed(_asking(http, each)) for each in addresses]
        mix = [
            "/rollout/figures?city=1&kind=district",
            "/rollout/figures?city=1&kind=township",
            f"/rollout/figures?city=1&kind=village&parent={district[0]}",
            "/rollout/figures?city=1&area=0&year=2024",
            "/rollout/parts?city=1&area=0&dimension=type",
            "/rollout/definitions?city=1",
            *addresses[:6],
        ]
        laps = [_timed(_asking(http, each)) for _ in range(_ASKED) for each in mix]
    return {
        "tile_ms": round(1000 * statistics.median(cold), 1),
        "tile_max_ms": round(1000 * max(cold), 1),
        "api_p50_ms": round(1000 * statistics.median(laps), 1),
        "api_p99_ms": round(1000 * float(np.percentile(laps, 99)), 1),
    }


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Return column and row of the Web Mercator tile that holds a place."""
    side = 2**zoom
    row = (1.0 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2.0 * side
    return int((lon + 180.0) / 360.0 * side), int(row)


def _asking(http: httpx.Client, address: str) -> Callable[[], Any]:
    return lambda: http.get(address).raise_for_status()


def _timed(work: Callable[[], Any]) -> float:
    clock = time.perf_counter()
    work()
    return time.perf_counter() - clock


def _say(message: str, fraction: float) -> None:
    print(f"{fraction:4.0%} {message}", file=sys.stderr)  # noqa: T201 - progress


if __name__ == "__main__":
    main()
