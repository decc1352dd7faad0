"""Layers that were converted once too often: all of them off by what the datum shifts, away from where nothing is in their way.

A layer whose rows were in WGS-84 already when they were converted from GCJ-02 or BD-09 (or that was converted twice) lies some
500 m off. Nothing in the layer itself tells; what lies around does. A building stands on no road, no water, no other layer's
building, in no estate but its own, and one without heat on no heat pipe. For each layer of buildings that came in a shifted datum
those collisions are counted as the layer lies and as it would lie with one conversion taken back.

Cost: 2,000 buildings of a layer are looked at; 1 s for each layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.checks.context import Context, Found, edit
from data.statements import sql
from gis.datums import Datum, from_wgs84, parse_datum

SAMPLE: Final = 2000
"""Buildings of a layer that are tried."""
FEWEST_COLLISIONS: Final = 3
LARGEST_SHARE: Final = 0.25
"""Taken back, so many of the collisions may be left at most."""
LEAST_COLLIDING: Final = 0.25
"""Share of the buildings that collide as they lie; a town is never drawn so badly otherwise."""
MOST_REPAIRED: Final = 20_000
"""Assets that one proposed repair may hold; a larger layer is delivered again with `datum = "twice(...)"`."""

_MEMBERS: Final = ("check_members", "check_members_key", "check_members_analyze")
_LINES: Final = ("check_lines", "check_lines_index", "check_lines_analyze")
Geometries = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A delivered layer of buildings: file and kind, the datum that it was converted from, how many they are."""

    name: str
    datum: Datum
    count: int

    def values(self, **more: object) -> dict[str, Any]:
        return {"layer": self.name, **more}


def find_converted_layers(context: Context) -> None:
    """Find layers of buildings that one conversion too many has moved, and leave out what else is wrong with their places."""
    context.once(("check_displaced", *_MEMBERS))
    layers = _layers(context)
    context.once(_LINES if layers else ())
    for layer in layers:
        colliding = _collisions(context, layer)
        if colliding is not None:
            context.insert([_found(context, layer, *colliding)])
            context.execute("check_displace", layer.values())
    context.execute("check_displaced_drop")


def _layers(context: Context) -> list[_Layer]:
    rows = context.connection.execute(sql("check_layers"), context.values).fetchall()
    layers = [_Layer(str(name), _shifted(str(datum)), int(count)) for name, datum, count in rows]
    return [layer for layer in layers if layer.datum.text != "wgs84"]


def _shifted(text: str) -> Datum:
    """Return the datum that a layer was shifted from; WGS-84 when none shifts."""
    name = text.strip().lower()
    return parse_datum(name if name in {"gcj02", "bd09"} else "wgs84")


def _collisions(context: Context, layer: _Layer) -> tuple[int, int, int] | None:
    """Return tried, colliding as they lie and with one conversion taken back; None when the layer lies well."""
    shapes = _shapes(context, layer, step=max(1, -(-layer.count // SAMPLE)))
    ids, geometries = list(shapes), np.array(list(shapes.values()), dtype=object)
    moved = taken_back(geometries, layer.datum)
    values = {"ids": ids, "moved": [shapely.to_wkb(shape) for shape in moved], **context.values, **layer.values()}
    row = context.connection.execute(sql("check_collisions"), values).fetchone()
    before, after = (0, 0) if row is None else (int(row[0]), int(row[1]))
    if before < max(FEWEST_COLLISIONS, LEAST_COLLIDING * len(ids)) or after > LARGEST_SHARE * before:
        return None
    return len(ids), before, after


def taken_back(geometries: Geometries, datum: Datum) -> Geometries:
    """Return WGS-84 shapes with one conversion from a datum taken back; heights stay."""

    def back(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([from_wgs84(np.ascontiguousarray(xyz[:, :2]), datum), xyz[:, 2:]])

    flat = ~shapely.has_z(geometries)
    result = geometries.copy()
    for chosen, include_z in ((flat, False), (~flat, True)):
        if chosen.any():
            result[chosen] = shapely.transform(geometries[chosen], back, include_z=include_z)
    return result


def _shapes(context: Context, layer: _Layer, *, step: int) -> dict[int, Any]:
    rows = context.connection.execute(sql("check_layer_shapes"), {**context.values, **layer.values(step=step)}).fetchall()
    return {int(asset_id): shapely.from_wkb(shape) for asset_id, shape in rows}


def _found(context: Context, layer: _Layer, tried: int, before: int, after: int) -> Found:
    shapes = _shapes(context, layer, step=1)
    geometries = np.array(list(shapes.values()), dtype=object)
    moved = taken_back(geometries, layer.datum)
    off = shapely.get_coordinates(shapely.centroid(moved)) - shapely.get_coordinates(shapely.centroid(geometries))
    metres = float(np.median(np.hypot(off[:, 0] * context.values["east_m"], off[:, 1] * context.values["north_m"])))
    detail = {
        "layer": layer.name,
        "count": len(shapes),
        "metres": round(metres),
        "tried": tried,
        "before": before,
        "after": after,
    }
    repair = None
    if len(shapes) <= MOST_REPAIRED:
        hexes = shapely.to_wkb(shapely.set_srid(moved, 4326), hex=True, include_srid=True)
        edits = [edit(asset_id, geometry=str(shape)) for asset_id, shape in zip(shapes, hexes, strict=True)]
        repair = {"action": "undo_conversion", "values": {"metres": round(metres)}, "edits": edits}
    return Found("converted_already", layer.name, tuple(shapes), None, detail, repair)
