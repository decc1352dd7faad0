"""Writes a layer of the archive to a file in any datum, with an entry of the ledger of conversions beside it.

Rows are read through a cursor of the database and written in batches, so memory follows the geometries (which the ledger's hash
needs) and one batch of attributes, not the file. What a caller may not see is left out by the Scope, coordinates are rounded
and personal texts masked as everywhere else.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import orjson
import pandas as pd
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg.types.json import set_json_loads

from data.assets import grid_deg
from data.cities import read_assets_version
from data.errors import BadExport
from data.export_files import Batch, Column, Layout, open_writer
from data.ledger import ENTRY_SUFFIX, ledger_entry
from data.pool import Connection
from data.registers import values_text
from data.statements import scope_parameters, sql
from gis.datum_names import Datum, parse_datum
from gis.datums import from_wgs84, to_wgs84
from gis.geometry import Geometries, coordinates_of, with_coordinates
from gis.parameters import Affine, Parameters, SevenParameters, Similarity
from gis.srs import srs_of
from twin.kinds import KINDS
from twin.kinds.model import Attribute
from twin.registers import MASK, REGISTERS, row_kind
from twin.scope import Scope

Format: TypeAlias = Literal["gpkg", "parquet", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)
BATCH = 20_000
"""Rows read and written together."""

_METRES_PER_DEGREE = 111_320.0
_ASSET_COLUMNS = (
    *(Column("asset_id", "integer"), Column("code", "text"), Column("name", "text"), Column("source_key", "text")),
    *(Column("version", "integer"), Column("valid_from_at", "text"), Column("pair_id", "integer")),
    *(Column("company_id", "integer"), Column("company_name", "text"), Column("area_id", "integer"), Column("area_name", "text")),
)
_ROW_COLUMNS = (
    *(Column("row_id", "integer"), Column("code", "text"), Column("name", "text"), Column("source_key", "text")),
    *(Column("changed_at", "text"), Column("asset_id", "integer"), Column("asset_code", "text")),
    *(Column("company_id", "integer"), Column("company_name", "text"), Column("area_id", "integer"), Column("area_name", "text")),
)
_OTHER = Column("other_attributes", "text")
"""What a row holds that the catalogue does not know, as JSON."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What to write.

    Attributes
    ----------
    city_id
        The city.
    layer
        Asset kind or register.
    format
        Of the file.
    datum
        System of its coordinates.
    area_id, company_id
        Only assets of this district or company; None = all. Rows of a register: of this district or parent.
    values
        Only rows of a register that have these values.
    """

    city_id: int
    layer: str
    format: Format
    datum: Datum
    area_id: int | None = None
    company_id: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of the file: layer, system where it is not WGS-84, ending."""
        system = (
            "" if self.datum.family == "wgs84" else "_" + "".join(c if c.isalnum() else "_" for c in self.datum.text).strip("_")
        )
        return f"{self.layer}{system}.{self.format}"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Attributes
    ----------
    rows
        Rows of the file.
    guarded
        Texts that got an apostrophe in front, because a spreadsheet program would have run them (CSV).
    left_out
        Geometries that do not fit into a cell (XLSX); their rows are there.
    entry
        Entry of the ledger, as `FILE.ledger.json` holds it; None for a layer without places.
    seconds
        Duration.
    """

    rows: int
    guarded: int
    left_out: int
    entry: Mapping[str, Any] | None
    seconds: float


def known_layers() -> list[str]:
    """Return the layers that can be written: asset kinds and registers."""
    return [*KINDS, *REGISTERS]


def require_layer(layer: str) -> None:
    """Raise `BadExport` unless the layer can be written."""
    if layer not in KINDS and layer not in REGISTERS:
        raise BadExport(f"{layer[:60]!r} cannot be exported; layers are {', '.join(known_layers())}")


def export_datum(connection: Connection, city_id: int, text: str, more: Mapping[str, Parameters] | None = None) -> Datum:
    """Read the name of a datum; local and old ones take the parameters of the city's last deliveries, or those given.

    Raises
    ------
    UnknownDatum, DatumNeedsParameters
        As `parse_datum`.
    BadExport
        When the datum is a way to undo a mistake, which nobody wants to make anew.
    """
    known = stored_parameters(connection, city_id) | dict(more or {})
    datum = parse_datum(text, known)
    if datum.family == "twice":
        raise BadExport(
            f"{datum.text} is a mistake that imports undo; export in {'wgs84' if datum.grid is None else datum.grid.text}"
        )
    return datum


def stored_parameters(connection: Connection, city_id: int) -> dict[str, Parameters]:
    """Return the parameters of local and old datums by which a city's deliveries were converted last, by name."""
    rows = connection.execute(sql("export_grids"), {"city_id": city_id}).fetchall()
    found = {_parameters_name(text): _parameters(values) for text, values in rows}
    return {name: parameters for name, parameters in found.items() if parameters is not None}


def _parameters_name(text: str) -> str:
    if text.startswith("local("):
        return text.removeprefix("local(").removesuffix(")")
    return "beijing54" if "beijing54" in text else "xian80"


def _parameters(values: Mapping[str, Any]) -> Parameters | None:
    for cls in (Similarity, Affine, SevenParameters):
        if set(values) == {item.name for item in fields(cls)}:
            return cls(**values)
    return None


# ---------------------------------------------------------------- writing


def write_export(
    connection: Connection, scope: Scope, plan: ExportPlan, path: Path, *, seat: str, made_at: dt.datetime
) -> ExportReport:
    """Write one layer to a file, and its ledger entry to `FILE.ledger.json` beside it.

    Parameters
    ----------
    connection
        Outside a transaction; everything is read in one snapshot.
    scope
        What the caller may read.
    plan
        What to write.
    path
        File that does not exist yet.
    seat, made_at
        Who and when; they stand in the entry.

    Raises
    ------
    BadExport
        When the format cannot hold the layer.
    OutsideScope
        When the scope does not hold the city or the layer.
    ConversionRefused, DatumNeedsParameters
        When the datum is not for this place, or lacks parameters.

    Notes
    -----
    Cost: see docs/export.md.
    """
    started = time.perf_counter()
    require_layer(plan.layer)
    scope.require_layer(plan.layer)
    before: list[Geometries] = []
    after: list[Geometries] = []
    rows = 0
    with connection.transaction():
        connection.execute(sql("network_snapshot"))
        version = read_assets_version(connection, plan.city_id)
        with open_writer(plan.format, path, _layout(connection, scope, plan)) as writer:
            for batch in _batches(connection, scope, plan):
                moved = _converted(batch.geometry, plan.datum)
                writer.write(Batch(batch.columns, moved))
                before.append(batch.geometry)
                after.append(moved)
                rows += len(moved)
        guarded, left_out = writer.guarded, writer.left_out
    entry = None
    if _has_places(plan.layer):
        entry = _entry(plan, path, before, after, seat=seat, made_at=made_at, started=started, version=version)
        path.with_name(path.name + ENTRY_SUFFIX).write_bytes(orjson.dumps(entry, option=orjson.OPT_INDENT_2))
    return ExportReport(rows, guarded, left_out, entry, time.perf_counter() - started)


def _has_places(layer: str) -> bool:
    return row_kind(layer).geometry != "none"


def _asked(scope: Scope, plan: ExportPlan) -> tuple[object, ...]:
    """Return what the statements ask by; those of registers also by values."""
    by_values = () if plan.layer in KINDS else (values_text(plan.values),)
    return (*scope_parameters(scope, plan.city_id).as_tuple(), plan.layer, plan.area_id, plan.company_id, *by_values)


def _layout(connection: Connection, scope: Scope, plan: ExportPlan) -> Layout:
    statement = "export_asset_shapes" if plan.layer in KINDS else "export_row_shapes"
    found = psycopg.RawCursor(connection).execute(sql(statement), _asked(scope, plan)).fetchall()
    shapes = frozenset((str(row[0]).removeprefix("ST_"), bool(row[1])) for row in found if row[0] is not None)
    return Layout(
        layer=plan.layer,
        columns=_columns(plan.layer),
        shapes=shapes,
        placed=_has_places(plan.layer),
        point=row_kind(plan.layer).geometry == "point",
        row_count=sum(int(row[2]) for row in found),
        srs=srs_of(plan.datum),
        shifted=plan.datum.text,
    )


def _columns(layer: str) -> tuple[Column, ...]:
    fixed = _ASSET_COLUMNS if layer in KINDS else _ROW_COLUMNS
    return (*fixed, *(Column(each.name, _column_type(each)) for each in row_kind(layer).attributes), _OTHER)


def _column_type(attribute: Attribute) -> Literal["text", "integer", "number", "boolean"]:
    if attribute.type in {"integer", "number", "boolean"}:
        return attribute.type
    return "text"


def _batches(connection: Connection, scope: Scope, plan: ExportPlan) -> Iterator[Batch]:
    statement = "export_assets" if plan.layer in KINDS else "export_rows"
    parameters = (*_asked(scope, plan), *grid_deg(scope))
    fixed = _ASSET_COLUMNS if plan.layer in KINDS else _ROW_COLUMNS
    hidden = _hidden(plan.layer, scope)
    with psycopg.RawServerCursor(connection, "export") as cursor:
        set_json_loads(orjson.loads, cursor)
        cursor.execute(sql(statement), parameters)
        while rows := cursor.fetchmany(BATCH):
            yield _batch(rows, plan.layer, fixed, hidden)


def _hidden(layer: str, scope: Scope) -> frozenset[str]:
    return frozenset() if scope.personal or layer in KINDS else REGISTERS[layer].personal


def _batch(rows: Sequence[tuple[Any, ...]], layer: str, fixed: Sequence[Column], hidden: frozenset[str]) -> Batch:
    *values, attributes, wkb = (list(column) for column in zip(*rows, strict=True))
    columns: dict[str, Sequence[Any]] = dict(zip((column.name for column in fixed), values, strict=True))
    known = row_kind(layer).attributes
    names = [attribute.name for attribute in known]
    # pandas lays dicts out as columns in one compiled pass
    table = pd.DataFrame(attributes, columns=names, dtype=object)
    for attribute in known:
        columns[attribute.name] = _converted_column(table[attribute.name].to_numpy(), attribute)
    others = [row if row.keys() - names else None for row in attributes]
    columns[_OTHER.name] = [None if row is None else _others(row, names) for row in others]
    for name in hidden & set(columns):
        columns[name] = [MASK if value not in {None, ""} else value for value in columns[name]]
    if hidden:
        # what the catalogue does not know may be about a person
        columns[_OTHER.name] = [MASK if value is not None else None for value in columns[_OTHER.name]]
    return Batch(columns, np.asarray(shapely.from_wkb(np.array(wkb, dtype=object)), dtype=object))


def _others(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return orjson.dumps({name: value for name, value in row.items() if name not in names}).decode()


def _converted_column(values: NDArray[np.object_], attribute: Attribute) -> Sequence[Any]:
    missing = pd.isna(values)
    if missing.all():
        return [None] * len(values)
    values[missing] = None
    if attribute.type not in _CONVERT and pd.api.types.infer_dtype(values, skipna=True) == "string":
        texts: list[Any] = values.tolist()
        return texts
    return [_CONVERT.get(attribute.type, _as_text)(value) for value in values]


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _as_integer(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _as_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _as_boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


_CONVERT: Mapping[str, Any] = {"integer": _as_integer, "number": _as_number, "boolean": _as_boolean}


def _converted(geometry: Geometries, datum: Datum) -> Geometries:
    return with_coordinates(geometry, from_wgs84(coordinates_of(geometry), datum))


def _entry(
    plan: ExportPlan,
    path: Path,
    before: Sequence[Geometries],
    after: Sequence[Geometries],
    *,
    seat: str,
    made_at: dt.datetime,
    started: float,
    version: int,
) -> Mapping[str, Any]:
    there = np.concatenate(after) if after else np.zeros(0, dtype=object)
    here = np.concatenate(before) if before else np.zeros(0, dtype=object)
    return ledger_entry(
        file=path.name,
        layer=plan.layer,
        datum_in=parse_datum("wgs84"),
        datum_out=plan.datum,
        before=here,
        after=there,
        evidence=f"archive of city {plan.city_id}, version {version}",
        seat=seat,
        made_at=made_at,
        seconds=round(time.perf_counter() - started, 3),
        round_trip_max_m=_round_trip_m(here, there, plan.datum),
    )


def _round_trip_m(here: Geometries, there: Geometries, datum: Datum) -> float | None:
    lonlat: NDArray[np.float64] = coordinates_of(here)
    step = to_wgs84(coordinates_of(there), datum) - lonlat
    step = step[np.isfinite(step).all(axis=1)]
    # a degree of longitude is shorter than one of latitude, so this is never too small
    return float(np.abs(step).max() * _METRES_PER_DEGREE) if len(step) else None
