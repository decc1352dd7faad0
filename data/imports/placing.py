"""The geometry of one layer: held against what is known of its datum, noded, converted, and made sound."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.errors import BadManifest, ImportFailed
from data.imports.context import LayerContext
from data.imports.manifest import LayerEntry, datum_of, inherited
from data.ledger import Entry, entry_beside, parameters_of
from gis.datums import ConversionRecord, Datum, convert_frame, parse_datum
from gis.detect import Extent, find_swapped_axes, hint_for, outside
from gis.detect_claims import claims_of, contradictions, same_system
from gis.detect_datum import SAMPLE, anchors_of, detect_datum, sampled
from gis.detect_mixed import Mixture, mixed_units
from gis.detect_readings import Reading
from gis.errors import GisError
from gis.fingerprints import NO_SKETCH, Sketch, sketch_of
from gis.geometry import (
    Geometries,
    closed_lines_as_polygons,
    coordinates_of,
    geodesic_length_m,
    geometry_sha256,
    repair,
    with_coordinates,
)
from gis.noding import node_lines
from gis.reading import ReadLayer
from twin.contents import GROUPS
from twin.kinds import KINDS, Kind

Floats: TypeAlias = NDArray[np.float64]

ZERO_LENGTH_M: Final = 0.001
"""Lines shorter than this have no length: two ends at one point."""
NODED_KINDS: Final = frozenset({"pipe"})
"""Kinds whose lines get vertices where points lie on them."""
POINT_KINDS: Final = frozenset(
    kind for group in GROUPS if group.name in {"sources", "network"} for kind in group.kinds if KINDS[kind].geometry != "line"
) | {"pressure_point"}
"""Kinds whose points may lie on a pipe."""

_TYPES: Final[Mapping[str, tuple[int, ...]]] = {"point": (0,), "line": (1, 5), "polygon": (3, 6)}
_NAMED_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """Places of a layer as delivered, to be held against trusted assets (`data/imports/trust.py`).

    Attributes
    ----------
    xy
        Shape (n, 2): `anchors_of` evenly chosen rows, axes in the order of the datum.
    rows
        Row in the file of each.
    datum
        The declared one.
    """

    xy: Floats
    rows: NDArray[np.int64]
    datum: Datum


@dataclass(frozen=True, slots=True)
class Placed:
    """The geometry of a layer in WGS-84, and what was done for it; the rest is None for a layer without coordinates.

    Attributes
    ----------
    geometry
        One a row; None = no usable one.
    conversion, evidence
        What was done, and why it was taken to be in its datum.
    ledger
        The entry of the ledger.
    sample
        For the comparison with trusted assets.
    points
        Of a layer of points that may lie on pipes: where, in its own datum; else empty.
    input_sketch
        Sketch of the vertices as delivered.
    """

    geometry: Geometries
    conversion: ConversionRecord | None = None
    evidence: str = ""
    ledger: Entry | None = None
    sample: Sample | None = None
    points: Floats | None = None
    input_sketch: Sketch = NO_SKETCH


def place(context: LayerContext, kind: Kind, delivered: ReadLayer, frame: geopandas.GeoDataFrame) -> Placed:
    """Bring the geometry of a layer to WGS-84.

    1. Rows without a readable position are reported.
    2. The datum: of the manifest, else of the ledger entry beside the file, else what the file states.
    3. Layers put together from two systems are refused, axes that are proven to be swapped are turned round.
    4. Pipes get vertices where points lie on them, before anything moves.
    5. One conversion; then rows outside the city, broken polygons and lines without length are reported.

    Raises
    ------
    gis.errors.GisError
        When the datum cannot convert.
    BadManifest
        When there is no datum, or one that is not known.
    ImportFailed
        When the layer is in two systems, or none of it lies in the city.
    """
    index = frame.index
    raw = _readable(context, kind, delivered, frame)
    if shapely.is_missing(raw).all():
        return Placed(raw)
    raw = _empty_to_none(context, raw, index)
    datum, evidence = _datum(context, delivered, raw)
    trusting = inherited(context.manifest, context.entry).trust_datum or False
    if not trusting:
        _require_one_system(context, raw, index)
    _hold_against_claims(context, delivered, raw, datum)
    raw, evidence = _with_axes(context, raw, datum, evidence)
    geometry, record, seconds = _convert(context, raw, datum, index)
    entry = _entry(context, record, datum, evidence, geometry, seconds=seconds)
    _require_converted(context, raw, geometry, datum)
    geometry = _finite_only(context, geometry, index)
    if context.manifest.city.extent is not None:
        hint = partial(_hint, context, raw, datum)
        geometry = _inside_only(context, geometry, index, context.manifest.city.extent, hint)
    return Placed(
        _sound(context, kind, geometry, index),
        record,
        evidence,
        entry,
        None if trusting else _sample(raw, index, datum),
        _points(context.entry, raw),
        NO_SKETCH if trusting else sketch_of(coordinates_of(raw)),
    )


def _readable(context: LayerContext, kind: Kind, delivered: ReadLayer, frame: geopandas.GeoDataFrame) -> Geometries:
    raw: Geometries = frame.geometry.to_numpy(dtype=object)
    if kind.geometry == "polygon" and Path(context.entry.file).suffix.lower() == ".dxf":
        raw = closed_lines_as_polygons(raw)
    index = frame.index
    unreadable = {row: text for row, text in delivered.unreadable if row in index}
    context.report("unreadable_position", pd.Index(list(unreadable)), pd.Series(unreadable, dtype=object))
    if kind.geometry != "none" and _has_positions(context.entry, raw):
        missing = shapely.is_missing(raw) & ~np.isin(index, list(unreadable))
        context.report("no_geometry", index[missing])
    return raw


def _has_positions(entry: LayerEntry, raw: Geometries) -> bool:
    """Tell whether the layer is meant to have positions: a plain table without any is not a fault of its rows."""
    return (
        entry.geometry is not None
        or Path(entry.file).suffix.lower() not in {".csv", ".txt", ".xlsx", ".xlsm"}
        or not bool(shapely.is_missing(raw).all())
    )


def _empty_to_none(context: LayerContext, geometry: Geometries, index: pd.Index) -> Geometries:
    empty = shapely.is_empty(geometry) & ~shapely.is_missing(geometry)
    context.report("empty_geometry", index[empty])
    return without(geometry, empty)


# ---------------------------------------------------------------- which datum


def _datum(context: LayerContext, delivered: ReadLayer, raw: Geometries) -> tuple[Datum, str]:
    """Return the datum and why; the ledger entry that an export wrote beside the file knows it, as long as the file is that one.

    Raises
    ------
    BadManifest
        When the manifest says otherwise than the entry.
    """
    stated = inherited(context.manifest, context.entry)
    beside = entry_beside(context.path)
    if beside is None or not beside.fits(raw):
        return datum_of(
            context.manifest, context.entry, context.datums, declared_epsg=delivered.declared_epsg, where=context.where
        )
    try:
        datum = parse_datum(beside.datum, context.datums)
    except GisError as error:
        raise BadManifest(f"{context.where}: {beside.evidence}: {error}") from None
    text = stated.datum or stated.crs
    if text is not None and not stated.trust_datum:
        declared, _ = datum_of(context.manifest, context.entry, context.datums, declared_epsg=None, where=context.where)
        if not same_system(_some(raw), declared, datum):
            raise BadManifest(
                f"{context.where}: datum = {text!r}, but {beside.evidence}, says that these coordinates are {datum.text};"
                f' write datum = "{datum.text}", or trust_datum = true if the manifest is right'
            )
    return datum, beside.evidence


def _some(raw: Geometries) -> Floats:
    there = np.flatnonzero(~shapely.is_missing(raw))
    return sampled(anchors_of(raw[there[:: max(1, -(-len(there) // SAMPLE))]])[0])


def _require_one_system(context: LayerContext, raw: Geometries, index: pd.Index) -> None:
    xy, owner = shapely.get_coordinates(raw, return_index=True)
    mixture = mixed_units(xy, owner)
    if mixture is not None:
        raise ImportFailed(f"{context.where}: {mixture_sentence(mixture, index[mixture.rows])}")


def mixture_sentence(mixture: Mixture, rows: Sequence[int] | pd.Index) -> str:
    """Return what to say of a layer in two systems; `rows` are those of the smaller group, by their number in the file."""
    named = ", ".join(str(row) for row in list(rows)[:_NAMED_ROWS])
    more = f" and {len(rows) - _NAMED_ROWS:,} more" if len(rows) > _NAMED_ROWS else ""
    rest = mixture.first if mixture.smaller == mixture.second else mixture.second
    return (
        f"the layer is in two systems: {len(rows):,} of {mixture.row_count:,} rows are {mixture.smaller} (row {named}{more}), the"
        f" others {rest}. Deliver them as two layers, each with its own datum; trust_datum = true takes them as they are"
    )


def _hold_against_claims(context: LayerContext, delivered: ReadLayer, raw: Geometries, datum: Datum) -> None:
    """Warn where the file's own statement contradicts the datum: another EPSG code, or another unit than its numbers have."""
    declared = delivered.declared_epsg
    if datum.family == "epsg" and declared not in {None, datum.epsg}:
        context.report_layer("crs_differs", f"the file states epsg:{declared}, the manifest {datum.text}")
        return
    claims = [claim for claim in claims_of(context.path, declared) if claim.source != "file name"]
    for sentence in contradictions(claims, _some(raw), None):
        context.report_layer("crs_differs", sentence)


def _with_axes(context: LayerContext, raw: Geometries, datum: Datum, evidence: str) -> tuple[Geometries, str]:
    turned = find_swapped_axes(coordinates_of(raw), datum, context.manifest.city.extent)
    if not turned:
        return raw, evidence
    context.report_layer("swapped_axes", turned)
    xy = np.ascontiguousarray(coordinates_of(raw)[:, ::-1])
    return with_coordinates(raw, xy), f"{evidence}; axes turned round: {turned}"


# ---------------------------------------------------------------- conversion


def _convert(context: LayerContext, raw: Geometries, datum: Datum, index: pd.Index) -> tuple[Geometries, ConversionRecord, float]:
    """Return the geometries in WGS-84, the record, and how long it took."""
    started = time.perf_counter()
    noded = raw
    if context.entry.kind in NODED_KINDS and datum.family not in {"wgs84", "cgcs2000"}:
        noded = node_lines(raw, context.points, datum.unit).geometry
    converted, record = convert_frame(geopandas.GeoDataFrame(geometry=geopandas.GeoSeries(noded, index=index)), datum)
    if noded is not raw:
        record = replace(record, input_sha256=geometry_sha256(raw))
    return converted.geometry.to_numpy(dtype=object), record, time.perf_counter() - started


def _entry(
    context: LayerContext, record: ConversionRecord, datum: Datum, evidence: str, geometry: Geometries, *, seconds: float
) -> Entry:
    return Entry(
        file=context.entry.file,
        layer=context.name,
        datum_in=record.datum,
        datum_out="wgs84",
        evidence=evidence,
        operation=record.operation,
        accuracy_m=record.accuracy_m,
        parameters=parameters_of(datum),
        vertex_count=record.vertex_count,
        bounds_in=record.input_bounds,
        bounds_out=record.output_bounds,
        round_trip_max_m=record.round_trip_max_m,
        seconds=round(seconds, 6),
        input_sha256=record.input_sha256,
        output_sha256=record.output_sha256,
        sketch=sketch_of(coordinates_of(geometry)),
    )


def _sample(raw: Geometries, index: pd.Index, datum: Datum) -> Sample:
    there = np.flatnonzero(~shapely.is_missing(raw))
    chosen = there[:: max(1, -(-len(there) // 1000))]
    xy, owner = anchors_of(raw[chosen])
    return Sample(xy, index.to_numpy(dtype=np.int64)[chosen[owner]], datum)


def _points(entry: LayerEntry, raw: Geometries) -> Floats | None:
    if entry.kind not in POINT_KINDS:
        return None
    points = raw[shapely.get_type_id(raw) == shapely.GeometryType.POINT]
    return coordinates_of(points)


# ---------------------------------------------------------------- afterwards


def _require_converted(context: LayerContext, raw: Geometries, geometry: Geometries, datum: Datum) -> None:
    """Raise when not one of the coordinates that are numbers is a place in the datum."""
    before, after = (np.isfinite(coordinates_of(item)).all(axis=1) for item in (raw, geometry))
    if before.any() and not after.any():
        first = coordinates_of(raw)[before][0].tolist()
        raise ImportFailed(
            f"{context.where}: none of its coordinates, such as {first}, is a place in {datum.text}. Is the datum right?"
            f"{_hint(context, raw, datum, context.manifest.city.extent)}"
        )


def _finite_only(context: LayerContext, geometry: Geometries, index: pd.Index) -> Geometries:
    xy, owner = shapely.get_coordinates(geometry, return_index=True)
    broken = np.zeros(len(geometry), dtype=bool)
    broken[owner[~np.isfinite(xy).all(axis=1)]] = True
    context.report("not_finite", index[broken])
    return without(geometry, broken)


def _inside_only(
    context: LayerContext, geometry: Geometries, index: pd.Index, extent: Extent, hint: Callable[[Extent], str]
) -> Geometries:
    away = outside(geometry, extent)
    there = ~shapely.is_missing(geometry)
    if away.any() and away[there].all():
        west, south, east, north = shapely.total_bounds(geometry)
        raise ImportFailed(
            f"{context.where}: none of its {int(there.sum())} geometries lies in the city's extent {list(extent)}; they span"
            f" {west:.4f} {south:.4f} to {east:.4f} {north:.4f}. Is the datum right?{hint(extent)}"
        )
    if away.any():
        corner = pd.Series([f"at {x:.4f} {y:.4f}" for x, y in shapely.bounds(geometry[away])[:, :2]], index=index[away])
        context.report("outside_city", index[away], corner)
    return without(geometry, away)


def _hint(context: LayerContext, raw: Geometries, datum: Datum, extent: Extent | None) -> str:
    """Return what may be wrong with a layer that lies elsewhere: a reading that brings it into the city, or a rule of thumb."""
    finding = detect_datum(anchors_of(raw)[0], extent=extent, known=context.datums, declared=datum)
    if finding.proposed is not None and finding.proposed != Reading(datum):
        return f" The numbers fit as {finding.proposed.text}: {finding.seen[0]}"
    hint = hint_for(coordinates_of(raw), datum)
    return f" {hint}" if hint else ""


def _sound(context: LayerContext, kind: Kind, geometry: Geometries, index: pd.Index) -> Geometries:
    """Repair polygons, drop lines without length, and hold geometries to the kind's type."""
    geometry, reasons = repair(geometry)
    repaired = reasons != ""
    context.report("invalid_geometry", index[repaired], pd.Series(reasons[repaired], index=index[repaired]))
    lines = np.isin(shapely.get_type_id(geometry), (1, 5))
    if lines.any():
        short = np.zeros(len(geometry), dtype=bool)
        short[lines] = geodesic_length_m(geometry[lines]) < ZERO_LENGTH_M
        context.report("zero_length", index[short])
        geometry = without(geometry, short)
    return _of_type(context, kind, geometry, index)


def _of_type(context: LayerContext, kind: Kind, geometry: Geometries, index: pd.Index) -> Geometries:
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
    return without(geometry, wrong)


def without(geometry: Geometries, broken: NDArray[np.bool_]) -> Geometries:
    """Return the geometries with some left out."""
    if not broken.any():
        return geometry
    result = geometry.copy()
    result[broken] = None
    return result
