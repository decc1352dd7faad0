"""Part of the intake's benchmark: files of old readings straight into the archive, what it takes there, and curves out of it.

A simulated day that lies 40 days back, written as Parquet files in order of time, one a schema, as a vendor hands them
over: 120 substations, 300 devices of three kinds and 300 rooms, a frame a minute. `heat-twin readings import` brings each in.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ingest_city import CITY_ID, REST_S, BenchCity
from benchmarks.ingest_curves import drop_caches, measure_curves
from benchmarks.ingest_stores import say
from benchmarks.serving import served, settle
from data.pool import connect
from twin.arrays import Float64Array, Int64Array
from twin.simulator.city import advance
from twin.simulator.instruments import look, values
from twin.simulator.sources import Group

STATIONS = 120
_OTHERS: Mapping[str, int] = {"heating_device": 100, "room_sensor": 300}
"""Sources of each further group."""
_DAYS_BACK, _DAY_S, _MINUTES = 40, 86_400, 1_440
_MIX: Mapping[str, float] = {"substation": 3_500 * 60.0, "heating_device": 110_000 * 8.0, "room_sensor": 120_000 * 3.0}
"""Values a minute of each kind in the city."""


@dataclass(frozen=True)
class _File:
    """A file to bring in, with its manifest, and how many frames it holds."""

    path: Path
    manifest: Path
    frames: int


def measure_archive(city: BenchCity) -> dict[str, float]:
    """Return bytes_per_value_archive, curve_24h_archive_ms and backfill_frames_per_s."""
    start_s = (time.time() // _DAY_S - _DAYS_BACK) * _DAY_S
    files = _write_files(city, start_s)
    frames = sum(file.frames for file in files)
    started = time.perf_counter()
    for file in files:
        _import(city, file)
    spent = time.perf_counter() - started
    say(f"back-fill: {frames:,} frames of {len(files)} files in {spent:.1f} s; load {os.getloadavg()[0]:.1f}")
    bytes_per_value = _bytes_per_value(city, frames)
    drop_caches(city)
    with served(city.settings, READINGS_KEEP_MINUTES="0") as (address, pid):
        settle(pid, limit_s=REST_S)
        curve_ms = measure_curves(city, address, start_s=start_s, stations=STATIONS).cold_ms
    return {
        "bytes_per_value_archive": round(bytes_per_value, 2),
        "curve_24h_archive_ms": curve_ms,
        "backfill_frames_per_s": round(frames / spent, 1),
    }


def _write_files(city: BenchCity, start_s: float) -> list[_File]:
    folder = city.settings.var_dir / "backfill"
    folder.mkdir()
    simulation = city.simulation(start_s)
    chosen = {group.name: _chosen(group) for group in simulation.groups}
    parts: dict[str, list[tuple[Int64Array, Float64Array]]] = {group.name: [] for group in simulation.groups}
    for minute in range(_MINUTES):
        simulation = advance(simulation, 60.0)
        moment = look(simulation)
        for group in simulation.groups:
            rows = chosen[group.name]
            observed_ms = ((start_s + 60.0 * (minute + group.phase[rows])) * 1000.0).astype(np.int64)
            parts[group.name].append((observed_ms, values(moment, group, rows, observed_ms)))
    return [_write_file(folder, group, chosen[group.name], parts[group.name]) for group in simulation.groups]


def _chosen(group: Group) -> Int64Array:
    count = STATIONS if group.kind == "substation" else _OTHERS[group.kind]
    return np.linspace(0, len(group) - 1, count).astype(np.int64)


def _write_file(folder: Path, group: Group, rows: Int64Array, parts: list[tuple[Int64Array, Float64Array]]) -> _File:
    codes = pa.array([group.codes[row] for row in rows.tolist()])
    shown = np.concatenate([part for _, part in parts])
    columns = {
        "source": pa.chunked_array([codes] * len(parts)),
        "at": pa.array(np.concatenate([at for at, _ in parts]), pa.int64()).cast(pa.timestamp("ms", "UTC")),
    }
    columns |= {point.name: pa.array(shown[:, place]) for place, point in enumerate(group.schema.points)}
    name = group.schema.code
    path, manifest = folder / f"{name}.parquet", folder / f"{name}.toml"
    pq.write_table(pa.table(columns), path)
    lines = ['[time]\ncolumn = "at"\n', '[source]\ncolumn = "source"\n']
    lines += [f'[[point]]\ncolumn = "{point.name}"\nname = "{point.name}"\ndigits = "32-bit"\n' for point in group.schema.points]
    manifest.write_text("\n".join(lines), encoding="utf-8")
    return _File(path, manifest, len(shown))


def _import(city: BenchCity, file: _File) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {"HEAT_TWIN_DATABASE_URL": city.settings.database_url, "HEAT_TWIN_VAR_DIR": str(city.settings.var_dir)}
    command = [sys.executable, "-m", "api.cli", "readings", "import", str(file.path), "--manifest", str(file.manifest)]
    command += ["--city", str(CITY_ID), "--aside", str(file.path.with_suffix(".aside.csv"))]
    subprocess.run(command, env=environment, stdout=sys.stderr, check=True)


def _bytes_per_value(city: BenchCity, frames: int) -> float:
    """Return the bytes a value of the archived day, each kind weighted by its values in the city."""
    with connect(city.settings.database_url) as connection:
        rows = connection.execute(
            "select schema_id, sum(frames)::bigint, sum(values_count)::bigint, sum(bytes)::bigint from reading_archive group by 1"
        ).fetchall()
    kinds = {source.schema_id: source.kind for source in city.sources.values()}
    codes = {source.schema_id: source.schema.code for source in city.sources.values()}
    if sum(row[1] for row in rows) != frames:
        raise SystemExit(f"benchmarks.ingest: the archive holds {sum(row[1] for row in rows)} frames of {frames}")
    say("archive: " + ", ".join(f"{codes[row[0]]} {row[3] / row[2]:.2f} B/value" for row in rows))
    of_kind: dict[str, list[int]] = {}
    for schema_id, _, count, size in rows:
        total = of_kind.setdefault(kinds[schema_id], [0, 0])
        total[0], total[1] = total[0] + count, total[1] + size
    weights = sum(_MIX.values())
    return sum(_MIX[kind] / weights * size / count for kind, (count, size) in of_kind.items())
