"""The ledger of conversions: what was converted from which system, when, by whom, and how a result is known again.

Every layer that an import converts leaves a row in `datum_conversion`; every file that an export writes has the same entry beside
it (`FILE.ledger.json`). Before a layer is converted it is held against all rows of all cities: coordinates that came out of a
conversion are not converted a second time. They are known by the hash of their geometries or, in another file format, order or
precision, by a sketch of their vertices (`gis/fingerprints.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import orjson
from psycopg.types.json import Jsonb

from data.assets import Position, round_position
from data.errors import BadManifest
from data.pool import Connection, Pool
from data.statements import sql
from gis.datums import Datum, describe
from gis.fingerprints import Sketch, share_found, sketch_of
from gis.geometry import Geometries, coordinates_of, geometry_sha256
from twin.scope import Scope

Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right, top in the unit of the system."""

FORMAT: Final = "heat-twin conversion 1"
"""First value of an entry beside a file."""
ENTRY_SUFFIX: Final = ".ledger.json"
KNOWN_SHARE: Final = 0.9
"""Share of the sampled vertices of a layer from which on it is taken for the result of an earlier conversion."""

_LARGEST_ENTRY_BYTES: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversion of one layer.

    Attributes
    ----------
    file, layer
        Which.
    datum_in, datum_out
        Names of the registry.
    evidence
        Why the layer is taken to be in `datum_in`.
    operation, accuracy_m, parameters
        What was done; None = accuracy unknown; parameters of a local or old datum.
    vertex_count, bounds_in, bounds_out
        Before and after, each in its own unit; None without vertices.
    round_trip_max_m
        Largest distance after going there and back. It proves the program, not the map.
    seconds
        Duration of the conversion.
    input_sha256, output_sha256
        Hash of all geometries before and after.
    sketch
        Of the vertices of the result.
    """

    file: str
    layer: str
    datum_in: str
    datum_out: str
    evidence: str
    operation: str
    accuracy_m: float | None
    parameters: Mapping[str, Any]
    vertex_count: int
    bounds_in: Box | None
    bounds_out: Box | None
    round_trip_max_m: float | None
    seconds: float
    input_sha256: bytes
    output_sha256: bytes
    sketch: Sketch


@dataclass(frozen=True, slots=True)
class Known:
    """An earlier conversion whose result a layer is."""

    city_id: int
    import_id: int
    layer: str
    datum_in: str
    datum_out: str
    seat: str
    made_at: dt.datetime

    def sentence(self, declared: str) -> str:
        """Return what to say to somebody who wants it converted again."""
        return (
            f"already converted on {self.made_at:%Y-%m-%d %H:%M} UTC by {self.seat or 'an unnamed seat'} ({self.layer}, import"
            f" {self.import_id} of city {self.city_id}): these coordinates are the {self.datum_out} that came out of"
            f' {self.datum_in}, not {declared}. Write datum = "{self.datum_out}"; trust_datum = true converts them all the same'
        )


def box_of(xy: np.ndarray[Any, np.dtype[np.float64]]) -> Box | None:
    """Return left, bottom, right, top of the finite points of shape (n, 2), or None."""
    finite = xy[np.isfinite(xy).all(axis=1)]
    if not len(finite):
        return None
    (left, bottom), (right, top) = finite.min(axis=0).tolist(), finite.max(axis=0).tolist()
    return left, bottom, right, top


def parameters_of(datum: Datum) -> dict[str, Any]:
    """Return the numbers of a local or old datum for the ledger; empty for the others."""
    return {} if datum.parameters is None else asdict(datum.parameters)


# ---------------------------------------------------------------- beside a file


def ledger_entry(
    *,
    file: str,
    layer: str,
    datum_in: Datum,
    datum_out: Datum,
    before: Geometries,
    after: Geometries,
    evidence: str,
    seat: str,
    made_at: dt.datetime,
    seconds: float,
    round_trip_max_m: float | None = None,
) -> dict[str, Any]:
    """Return the entry of an export, to be written as JSON into `FILE.ledger.json`.

    Parameters
    ----------
    file, layer
        Names in the export.
    datum_in, datum_out
        The archive's system and that of the file.
    before, after
        All geometries of the layer in each of the two, in the order of the file.
    evidence
        Why the first is known, e.g. `archive of city 1, version 12`.
    seat, made_at, seconds
        Who, when (UTC) and how long.
    round_trip_max_m
        Where the export measured it.

    Returns
    -------
    Values that `orjson.dumps` takes. Cost: 1.2 s for 1.7 million vertices, nearly all of it the two hashes.
    """
    far = datum_in if datum_out.family in {"wgs84", "cgcs2000"} else datum_out
    text, accuracy_m = describe(far)
    entry = Entry(
        file=file,
        layer=layer,
        datum_in=datum_in.text,
        datum_out=datum_out.text,
        evidence=evidence,
        operation=text if far is datum_in else f"inverse of: {text}",
        accuracy_m=accuracy_m,
        parameters=parameters_of(far),
        vertex_count=len(xy := coordinates_of(after)),
        bounds_in=box_of(coordinates_of(before)),
        bounds_out=box_of(xy),
        round_trip_max_m=round_trip_max_m,
        seconds=seconds,
        input_sha256=geometry_sha256(before),
        output_sha256=geometry_sha256(after),
        sketch=sketch_of(xy),
    )
    return entry_as_dict(entry, seat=seat, made_at=made_at)


def entry_as_dict(entry: Entry, *, seat: str, made_at: dt.datetime) -> dict[str, Any]:
    """Return an entry as JSON values: hashes in hexadecimal digits, time in UTC."""
    values = {name: getattr(entry, name) for name in Entry.__slots__ if name != "sketch"}
    hashes = {name: values[name].hex() for name in ("input_sha256", "output_sha256")}
    return {
        "format": FORMAT,
        **values,
        **hashes,
        "parameters": dict(entry.parameters),
        "sketch": {"level": entry.sketch.level, "hashes": entry.sketch.hashes.tolist()},
        "program_version": program_version(),
        "seat": seat,
        "made_at": made_at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


@dataclass(frozen=True, slots=True)
class Beside:
    """What the entry beside a file says: the system of the file, since when, and its vertices."""

    datum: str
    evidence: str
    sketch: Sketch

    def fits(self, geometry: Geometries) -> bool:
        """Tell whether the file still holds the geometries that the entry was written for."""
        return share_found(sketch_of(coordinates_of(geometry)), self.sketch) >= KNOWN_SHARE


def entry_beside(file: Path) -> Beside | None:
    """Return what `FILE.ledger.json` says of a file, or None when there is none.

    Raises
    ------
    BadManifest
        When it is there and cannot be read.
    """
    path = file.with_name(file.name + ENTRY_SUFFIX)
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LARGEST_ENTRY_BYTES:
            raise ValueError(f"is larger than {_LARGEST_ENTRY_BYTES:,} bytes")
        content = orjson.loads(path.read_bytes())
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r} must be {FORMAT!r}")
        sketch = Sketch(np.array(content["sketch"]["hashes"], dtype=np.int64), int(content["sketch"]["level"]))
        said = f"the ledger entry beside the file: {content['made_at']} by {content['seat']}"
        return Beside(str(content["datum_out"]), said, sketch)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise BadManifest(f"{path}: is no ledger entry of this program: {error}; remove it or export the file again") from None


def program_version() -> str:
    """Return the version of this program."""
    return version("heat-twin")


# ---------------------------------------------------------------- in the database


def find_converted(connection: Connection, input_sha256: bytes, sketch: Sketch) -> Known | None:
    """Return the latest conversion, of any city, whose result a layer is; None when there is none.

    Conversions that moved nothing (WGS-84 taken as it is, places outside the mainland) do not count. Cost: two index look-ups.
    """
    values = {"sha256": input_sha256, "hashes": sketch.hashes.tolist()}
    for row in connection.execute(sql("conversion_find"), values).fetchall():
        stored = Sketch(np.array(row[8], dtype=np.int64), int(row[9]))
        if bytes(row[7]) == input_sha256 or share_found(sketch, stored) >= KNOWN_SHARE:
            return Known(*row[:7])
    return None


def record(connection: Connection, city_id: int, import_id: int, entries: Mapping[str, Entry], *, seat: str) -> None:
    """Write the conversions of an import, by name of the layer."""
    for name, entry in entries.items():
        values = {field: getattr(entry, field) for field in Entry.__slots__}
        values |= {
            "city_id": city_id,
            "import_id": import_id,
            "layer": name,
            "seat": seat,
            "parameters": Jsonb(dict(entry.parameters)),
            "bounds_in": None if entry.bounds_in is None else list(entry.bounds_in),
            "bounds_out": None if entry.bounds_out is None else list(entry.bounds_out),
            "sketch": entry.sketch.hashes.tolist(),
            "sketch_level": entry.sketch.level,
            "program_version": program_version(),
        }
        connection.execute(sql("import_conversion_insert"), values)


@dataclass(frozen=True, slots=True)
class StoredConversion:
    """A row of the ledger, as a route shows it."""

    import_id: int
    layer: str
    file: str
    datum_in: str
    datum_out: str
    evidence: str
    operation: str
    accuracy_m: float | None
    parameters: Mapping[str, Any]
    vertex_count: int
    bounds_in: Box | None
    bounds_out: Box | None
    round_trip_max_m: float | None
    seconds: float | None
    input_sha256: str
    output_sha256: str
    program_version: str
    seat: str
    made_at: dt.datetime


async def read_conversions(
    pool: Pool, scope: Scope, city_id: int, *, limit: int, offset: int
) -> tuple[int, list[StoredConversion]]:
    """Return the number of conversions of a city and a page of them, the latest first.

    The boxes are left out for a caller who sees positions rounded.
    """
    scope.require_city(city_id)
    total = int(await pool.fetchval(sql("conversion_count"), city_id))
    rows = await pool.fetch(sql("conversion_list"), city_id, limit, offset)
    return total, [_stored(dict(row), scope) for row in rows]


def _stored(row: dict[str, Any], scope: Scope) -> StoredConversion:
    for name in ("bounds_in", "bounds_out"):
        row[name] = None if row[name] is None or scope.precision_m is not None else tuple(row[name])
    return StoredConversion(**row)


# ---------------------------------------------------------------- grids


@dataclass(frozen=True, slots=True)
class GridPoint:
    """A control point: where it is, and how well it fits (given minus computed metres; error of the fit without it)."""

    name: str
    position: Position | None
    dx_m: float
    dy_m: float
    left_out_m: float


@dataclass(frozen=True, slots=True)
class StoredGrid:
    """A local grid as it was fitted last; `suspect` names the point that is probably wrong, or is empty."""

    datum: str
    file: str
    model: str
    rms_m: float
    max_m: float
    tolerance_m: float
    suspect: str
    import_id: int
    fitted_at: dt.datetime
    points: tuple[GridPoint, ...]


async def read_grids(pool: Pool, scope: Scope, city_id: int) -> list[StoredGrid]:
    """Return the local grids of a city by name, each with its control points; positions are rounded as the Scope asks."""
    scope.require_city(city_id)
    rows = await pool.fetch(sql("grid_list"), city_id)
    return [_grid(row["grid"], row["import_id"], row["finished_at"], scope) for row in rows]


def _grid(grid: Mapping[str, Any], import_id: int, fitted_at: dt.datetime, scope: Scope) -> StoredGrid:
    points = tuple(
        GridPoint(
            name=point["name"],
            position=round_position(_position(point.get("position")), scope),
            dx_m=point["dx_m"],
            dy_m=point["dy_m"],
            left_out_m=point["left_out_m"],
        )
        for point in grid["points"]
    )
    named = {name: grid[name] for name in ("datum", "file", "model", "rms_m", "max_m", "tolerance_m", "suspect")}
    return StoredGrid(**named, import_id=import_id, fitted_at=fitted_at, points=points)


def _position(value: Any) -> Position | None:
    return None if value is None else (float(value[0]), float(value[1]))
