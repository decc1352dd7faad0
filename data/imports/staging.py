"""One layer of a delivery: read, converted, checked, and turned into rows ready for the store.

The rows are columns of equal length; nothing here loops over rows but the JSON text of the attributes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import ImportFailed
from data.imports.local_grids import stated
from data.imports.manifest import ROLLOUT_RATE, LayerEntry, Manifest, datum_of, inherited
from data.imports.problems import Problems
from data.imports.values import as_text, attribute_values, attributes_json, half_width, no_values, source_column
from gis.datums import ConversionRecord, convert_frame
from gis.detect import Extent, find_swapped_axes, hint_for, outside
from gis.geometry import Geometries, closed_lines_as_polygons, coordinates_of, geodesic_length_m, repair, with_coordinates
from gis.parameters import Parameters
from gis.reading import ReadLayer, read_layer, require_columns
from twin.kinds import Kind
from twin.registers import REGISTERS, row_kind

Objects: TypeAlias = NDArray[np.object_]

ZERO_LENGTH_M: Final = 0.001
"""Lines shorter than this have no length: two ends at one point."""

_TYPES: Final[Mapping[str, tuple[int, ...]]] = {"point": (0,), "line": (1, 5), "polygon": (3, 6)}
_HEAT_ONLY: Final = {"network_level", "side"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One layer, ready for the store of its class; this base is also what stays of it once its rows are in the database.

    Attributes
    ----------
    name
        Name of the layer in the report, unique in the delivery.
    entry
        Its `[[layer]]`.
    read
        Rows in the file after `where`.
    conversion, evidence
        What was done to the coordinates and why; None and empty for a layer without any.
    """

    name: str
    entry: LayerEntry
    read: int
    conversion: ConversionRecord | None = None
    evidence: str = ""

    def summary(self) -> Staged:
        """Return the layer without its rows."""
        return Staged(name=self.name, entry=self.entry, read=self.read, conversion=self.conversion, evidence=self.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedLayer(Staged):
    """Rows of a layer of assets, column by column.

    Attributes
    ----------
    rows
        Row number in the file.
    codes, names, source_keys
        Texts.
    wkb
        EWKB with SRID 4326, or None.
    attributes
        JSON as bytes.
    """

    rows: NDArray[np.int64]
    codes: Objects
    names: Objects
    source_keys: Objects
    wkb: Objects
    attributes: Objects


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRegister(StagedLayer):
    """Rows of a register (`twin/registers.py`), column by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRates(Staged):
    """Rows of a `rollout_rate` layer."""

    table: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Context:
    manifest: Manifest
    entry: LayerEntry
    datums: Mapping[str, Parameters]
    name: str
    where: str
    problems: Problems

    def report(self, rule: str, rows: pd.Index, details: pd.Series | str = "") -> None:
        """Report rows that break a rule; details are one text for all or one a row."""
        texts = [details] * len(rows) if isinstance(details, str) else details.loc[rows]
        self.problems.add(self.entry.file, self.name, rule, zip((int(row) for row in rows), texts, strict=True))

    def report_layer(self, rule: str, detail: str) -> None:
        """Report the layer as a whole."""
        self.problems.add(self.entry.file, self.name, rule, [(None, detail)])

    def reject(self, rule: str, broken: pd.Series, details: pd.Series) -> None:
        """Report the rows of a mask."""
        if broken.any():
            self.report(rule, broken.index[broken], details)


def layer_names(manifest: Manifest) -> list[str]:
    """Return a name for each layer: file, inner layer and kind, made unique by a number."""
    names: list[str] = []
    for entry in manifest.layer:
        inner = f":{entry.layer}" if entry.layer else ""
        name = base = f"{Path(entry.file).name}{inner} > {entry.kind}"
        number = 1
        while name in names:
            number += 1
            name = f"{base} #{number}"
        names.append(name)
    return names


def stage_layer(
    manifest: Manifest,
    entry: LayerEntry,
    *,
    name: str,
    folder: Path,
    where: str,
    problems: Problems,
    datums: Mapping[str, Parameters] | None = None,
) -> Staged:
    """Read one layer and make it ready.

    Parameters
    ----------
    manifest, entry
        The delivery and the layer of it.
    name
        From `layer_names`.
    folder
        What file names are relative to.
    where
        How messages name the layer.
    problems
        Collects what is wrong with rows.
    datums
        Parameters by name of the datum; None = those that stand in the manifest.

    Raises
    ------
    gis.errors.GisError
        When the file cannot be read or converted.
    BadManifest
        When a column or datum of the manifest does not fit the file.
    ImportFailed
        When no geometry of the layer lies in the city.
    """
    context = _Context(manifest, entry, stated(manifest) if datums is None else datums, name, where, problems)
    delivered = read_layer(
        folder / entry.file,
        layer=entry.layer,
        encoding=inherited(manifest, entry).encoding,
        geometry=None if entry.geometry is None else entry.geometry.columns(),
    )
    wanted = [column.source for column in entry.columns.values() if column.source is not None]
    require_columns(delivered.frame, [*wanted, *entry.where, *([entry.key] if entry.key else [])], where=where)
    frame = _filtered(delivered.frame, entry)
    if entry.kind == ROLLOUT_RATE:
        return StagedRates(name=name, entry=entry, read=len(frame), table=_rates(context, frame))
    return _assets(context, delivered, frame)


def _filtered(frame: geopandas.GeoDataFrame, entry: LayerEntry) -> geopandas.GeoDataFrame:
    keep = pd.Series(True, index=frame.index)
    for column, wanted in entry.where.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        keep &= as_text(frame[column]).isin([str(value) for value in values])
    return frame[keep]


def _assets(context: _Context, delivered: ReadLayer, frame: geopandas.GeoDataFrame) -> StagedLayer:
    kind = row_kind(context.entry.kind)
    geometry, conversion, evidence = _geometry(context, kind, delivered, frame)
    values = _values(context, kind, frame)
    _check_required(context, kind, values)
    attributes = attributes_json(values, len(frame))
    wkb: Objects = np.asarray(shapely.to_wkb(shapely.set_srid(geometry, 4326), include_srid=True), dtype=object)
    names = _text_of(context, frame, "name").fillna("")
    keys = _keys(context, frame)
    codes = _codes(context, frame, keys, wkb, attributes)
    staged = StagedRegister if context.entry.kind in REGISTERS else StagedLayer
    return staged(
        name=context.name,
        entry=context.entry,
        read=len(frame),
        rows=frame.index.to_numpy(dtype=np.int64),
        codes=codes.to_numpy(dtype=object),
        names=names.to_numpy(dtype=object),
        source_keys=keys.fillna("").to_numpy(dtype=object),
        wkb=wkb,
        attributes=attributes,
        conversion=conversion,
        evidence=evidence,
    )


# ---------------------------------------------------------------- texts, codes, attributes


def _text_of(context: _Context, frame: pd.DataFrame, target: str) -> pd.Series:
    entry = context.entry.columns.get(target)
    if entry is None:
        return no_values(frame.index)
    return as_text(source_column(entry, frame))


def _keys(context: _Context, frame: pd.DataFrame) -> pd.Series:
    if "source_key" in context.entry.columns:
        return _text_of(context, frame, "source_key")
    if context.entry.key:
        return as_text(frame[context.entry.key])
    return no_values(frame.index)


def _codes(context: _Context, frame: pd.DataFrame, keys: pd.Series, wkb: Objects, attributes: Objects) -> pd.Series:
    """Return codes: the delivered ones, else made from the key, else from the content (stable as long as the row is)."""
    written = _text_of(context, frame, "code")
    codes, changed = half_width(written)
    context.reject("full_width", changed, "code = '" + written[changed] + "' has full-width characters")
    if "code" not in context.entry.columns:
        codes = keys.copy()
        if keys.notna().any():
            context.report_layer("codes_from_key", f"{int(keys.notna().sum())} codes")
    else:
        from_key = codes.isna() & keys.notna()
        codes[from_key] = keys[from_key]
        context.report("codes_from_key", frame.index[from_key])
    bare = codes.isna().to_numpy()
    if bare.any():
        codes[bare] = [_content_code(g, a) for g, a in zip(wkb[bare], attributes[bare], strict=True)]
        context.report("codes_from_content", frame.index[bare])
    return codes


def _content_code(wkb: bytes | None, attributes: bytes) -> str:
    return "x" + hashlib.sha256((wkb or b"") + b"\x00" + attributes).hexdigest()[:16]


def _values(context: _Context, kind: Kind, frame: pd.DataFrame) -> dict[str, pd.Series]:
    values: dict[str, pd.Series] = {}
    for attribute in kind.attributes:
        entry = context.entry.columns.get(attribute.name)
        if entry is not None:
            column = source_column(entry, frame)
            values[attribute.name] = attribute_values(attribute, entry, column, where=context.where, reject=context.reject)
    return values


def _check_required(context: _Context, kind: Kind, values: Mapping[str, pd.Series]) -> None:
    """Report rows without a value the kind needs; level and side are needed of heat pipes only."""
    for attribute in kind.attributes:
        if not attribute.required:
            continue
        present = values.get(attribute.name)
        if present is None:
            if not _is_gas(values):
                context.report_layer("missing_value", f"{attribute.name} has no column")
            continue
        lacking = present.isna()
        if attribute.name in _HEAT_ONLY and "medium" in values:
            lacking &= values["medium"] != "gas"
        context.report("missing_value", lacking.index[lacking], attribute.name)


def _is_gas(values: Mapping[str, pd.Series]) -> bool:
    return "medium" in values and bool((values["medium"] == "gas").all())


def _rates(context: _Context, frame: pd.DataFrame) -> pd.DataFrame:
    """Return area_code, month and the three figures; rows that lack one are reported and left out."""
    columns = context.entry.columns
    table = pd.DataFrame({name: as_text(source_column(columns[name], frame)) for name in ("area_code", "month")})
    for name in ("heated_area_m2", "clean_area_m2", "target_rate"):
        table[name] = pd.to_numeric(source_column(columns[name], frame), errors="coerce").astype(np.float64)
    good = table.notna().all(axis=1) & table["month"].str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", na=False)
    good &= (table["target_rate"].between(0, 1)) & (table["heated_area_m2"] >= 0) & (table["clean_area_m2"] >= 0)
    context.report("bad_row", table.index[~good], "area_code, month YYYY-MM, areas >= 0 and a target_rate of 0..1 are needed")
    return table[good]


# ---------------------------------------------------------------- geometry


def _geometry(
    context: _Context, kind: Kind, delivered: ReadLayer, frame: geopandas.GeoDataFrame
) -> tuple[Geometries, ConversionRecord | None, str]:
    raw: Geometries = frame.geometry.to_numpy(dtype=object)
    if kind.geometry == "polygon" and Path(context.entry.file).suffix.lower() == ".dxf":
        raw = closed_lines_as_polygons(raw)
    index = frame.index
    unreadable = {row: text for row, text in delivered.unreadable if row in index}
    context.report("unreadable_position", pd.Index(list(unreadable)), pd.Series(unreadable, dtype=object))
    if kind.geometry != "none" and _has_positions(context.entry, raw):
        missing = shapely.is_missing(raw) & ~np.isin(index, list(unreadable))
        context.report("no_geometry", index[missing])
    if shapely.is_missing(raw).all():
        return raw, None, ""
    declared = delivered.declared_epsg
    datum, evidence = datum_of(context.manifest, context.entry, context.datums, declared_epsg=declared, where=context.where)
    if datum.family == "epsg" and declared not in {None, datum.epsg}:
        context.report_layer("crs_differs", f"the file states epsg:{declared}, the manifest {datum.text}")
    extent = context.manifest.city.extent
    raw = _empty_to_none(context, raw, index)
    turned = find_swapped_axes(coordinates_of(raw), datum, extent)
    if turned:
        context.report_layer("swapped_axes", turned)
        evidence = f"{evidence}; axes turned round: {turned}"
        raw = with_coordinates(raw, np.ascontiguousarray(coordinates_of(raw)[:, ::-1]))
    converted, record = convert_frame(frame.set_geometry(geopandas.GeoSeries(raw, index=index)), datum)
    geometry: Geometries = converted.geometry.to_numpy(dtype=object)
    geometry = _finite_only(context, geometry, index)
    if extent is not None:
        geometry = _inside_only(context, geometry, index, extent, hint_for(coordinates_of(raw), datum))
    return _sound(context, kind, geometry, index), record, evidence


def _has_positions(entry: LayerEntry, raw: Geometries) -> bool:
    """Tell whether the layer is meant to have positions: a plain table without any is not a fault of its rows."""
    return (
        entry.geometry is not None
        or Path(entry.file).suffix.lower() not in {".csv", ".txt", ".xlsx", ".xlsm"}
        or not bool(shapely.is_missing(raw).all())
    )


def _empty_to_none(context: _Context, geometry: Geometries, index: pd.Index) -> Geometries:
    empty = shapely.is_empty(geometry) & ~shapely.is_missing(geometry)
    context.report("empty_geometry", index[empty])
    return _without(geometry, empty)


def _finite_only(context: _Context, geometry: Geometries, index: pd.Index) -> Geometries:
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    broken = np.zeros(len(geometry), dtype=bool)
    broken[owner[~np.isfinite(xy).all(axis=1)]] = True
    context.report("not_finite", index[broken])
    return _without(geometry, broken)


def _inside_only(context: _Context, geometry: Geometries, index: pd.Index, extent: Extent, hint: str) -> Geometries:
    away = outside(geometry, extent)
    there = ~shapely.is_missing(geometry)
    if away.any() and away[there].all():
        west, south, east, north = shapely.total_bounds(geometry)
        raise ImportFailed(
            f"{context.where}: none of its {int(there.sum())} geometries lies in the city's extent {list(extent)}; they span"
            f" {west:.4f} {south:.4f} to {east:.4f} {north:.4f}. Is the datum right?{' ' + hint if hint else ''}"
        )
    if away.any():
        corner = pd.Series([f"at {x:.4f} {y:.4f}" for x, y in shapely.bounds(geometry[away])[:, :2]], index=index[away])
        context.report("outside_city", index[away], corner)
    return _without(geometry, away)


def _sound(context: _Context, kind: Kind, geometry: Geometries, index: pd.Index) -> Geometries:
    """Repair polygons, drop lines without length, and hold geometries to the kind's type."""
    geometry, reasons = repair(geometry)
    repaired = reasons != ""
    context.report("invalid_geometry", index[repaired], pd.Series(reasons[repaired], index=index[repaired]))
    lines = np.isin(shapely.get_type_id(geometry), (1, 5))
    if lines.any():
        short = np.zeros(len(geometry), dtype=bool)
        short[lines] = geodesic_length_m(geometry[lines]) < ZERO_LENGTH_M
        context.report("zero_length", index[short])
        geometry = _without(geometry, short)
    return _of_type(context, kind, geometry, index)


def _of_type(context: _Context, kind: Kind, geometry: Geometries, index: pd.Index) -> Geometries:
    if kind.geometry not in _TYPES:
        return geometry
    type_id = shapely.get_type_id(geometry)
    wrong = ~np.isin(type_id, (-1, *_TYPES[kind.geometry]))
    if not wrong.any():
        return geometry
    result = geometry.copy()
    names = pd.Series([item.geom_type for item in geometry[wrong]], index=index[wrong])
    if kind.geometry == "point":
        result[wrong] = shapely.point_on_surface(geometry[wrong])
        context.report("wrong_geometry", index[wrong], names + f" for a {kind.name}, a point inside it is taken")
        return result
    context.report("wrong_geometry", index[wrong], names + f" for a {kind.name}, which is a {kind.geometry}; it is left out")
    return _without(geometry, wrong)


def _without(geometry: Geometries, broken: NDArray[np.bool_]) -> Geometries:
    if not broken.any():
        return geometry
    result = geometry.copy()
    result[broken] = None
    return result
