"""Derives who serves which building and how declared areas agree with that; reads the answers for a caller.

The tables are derived from one version of the assets and of the network (`coverage_version`), in the normal state of the valves,
so operating a valve changes nothing here. They are rebuilt with the other derived copies, never by a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.cities import read_assets_version
from data.pool import Connection
from data.statements import sql
from gis.geometry import coordinates_of, repair, with_coordinates
from gis.projections import Operation, apply, pipeline_operation
from topology.network import Network
from twin.coverage import (
    OF_KINDS,
    Comparison,
    Ids,
    Shapes,
    alike,
    building_grounds,
    buildings_inside,
    compare,
    grown_together,
    joined,
)
from twin.served import NOBODY, Served, served_buildings

_OBJECT_KINDS = ("company", "plant", "boiler_house", "substation", "estate")
_OWN_POLYGON = frozenset({"estate", "plant", "boiler_house", "company", "substation"})
"""Kinds whose own polygon stands in where no coverage area is declared."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """What a rebuild wrote: heated buildings, those served by nobody, objects with an area declared and without."""

    buildings: int
    unserved: int
    declared: int
    derived: int


@dataclass(frozen=True, slots=True)
class _Buildings:
    """Heated buildings by rising asset id, with their server of each kind; the point of one without a place is None."""

    asset_ids: Ids
    owner_ids: Sequence[int | None]
    area_ids: Sequence[int | None]
    footprints: Shapes
    points: Shapes
    placed: NDArray[np.bool_]
    heated_area_m2: NDArray[np.float64]
    evidence: NDArray[np.uint8]
    servers: dict[str, Ids]
    estate_ids: Ids


@dataclass(frozen=True, slots=True)
class _Object:
    """What an area can be of."""

    asset_id: int
    kind: str
    code: str
    name: str
    company_id: int | None
    area_id: int | None
    polygon: bytes | None


def is_current(connection: Connection, city_id: int) -> bool:
    """Tell whether the tables were derived from the present assets and network of a city."""
    row = connection.execute(sql("coverage_current"), {"city_id": city_id}).fetchone()
    return row is not None and bool(row[0])


def rebuild(connection: Connection, city_id: int, network: Network) -> CoverageReport:
    """Derive the tables of one city anew, in one transaction; a reader sees the old rows or the new ones.

    Parameters
    ----------
    connection
        Outside a transaction, or inside the caller's (then the caller commits).
    city_id
        The city.
    network
        Its network, in whatever state of the valves.

    Notes
    -----
    Cost: see docs/statistics.md.
    """
    with connection.transaction():
        connection.execute(sql("coverage_lock"), {"city_id": city_id})
        versions = {"assets_version": read_assets_version(connection, city_id), "network_version": network.network_version}
        buildings = _read_buildings(connection, city_id, served_buildings(_in_normal_state(connection, city_id, network)))
        connection.execute(sql("coverage_clear"), {"city_id": city_id})
        report = _write(connection, city_id, buildings)
        connection.execute(sql("coverage_write_version"), {"city_id": city_id, **versions})
        connection.execute(sql("coverage_analyze"))
    return report


def _in_normal_state(connection: Connection, city_id: int, network: Network) -> Network:
    states = {int(i): str(state) for i, state in connection.execute(sql("coverage_normal_states"), {"city_id": city_id})}
    return network.with_valve_states(states, valve_version=network.valve_version) if states else network


def _read_buildings(connection: Connection, city_id: int, served: Served) -> _Buildings:
    rows = connection.execute(sql("coverage_buildings"), {"city_id": city_id}).fetchall()
    ids, estates, owners, areas, wkb = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    of = np.searchsorted(served.building_id, ids) if rows else np.zeros(0, np.int64)
    heated = (served.heated_area_m2 > 0) | (served.heat_user_count > 0) | (served.evidence != NOBODY)
    keep = np.flatnonzero(heated[of])
    of = of[keep]
    shapes = np.asarray(shapely.from_wkb(np.array(wkb, dtype=object)[keep]), dtype=object)
    placed = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    substation, source = served.substation_id[of], served.source_id[of]
    estate = np.array(estates, np.int32)[keep]
    suppliers = served.supplier_id[of]
    return _Buildings(
        asset_ids=np.array(ids, np.int32)[keep],
        owner_ids=[owners[place] for place in keep.tolist()],
        area_ids=[areas[place] for place in keep.tolist()],
        footprints=shapes,
        points=np.where(placed, np.asarray(shapely.point_on_surface(shapes), dtype=object), np.array(None)),
        placed=placed,
        heated_area_m2=served.heated_area_m2[of],
        evidence=served.evidence[of],
        servers={"substation": substation, "source": source, "company": suppliers, "licence": suppliers, "estate": estate},
        estate_ids=estate,
    )


def _write(connection: Connection, city_id: int, buildings: _Buildings) -> CoverageReport:
    rows = connection.execute(sql("coverage_objects"), {"city_id": city_id, "kinds": list(_OBJECT_KINDS)}).fetchall()
    objects = [_Object(*row) for row in rows]
    areas = _declared_areas(connection, city_id, objects)
    plane = _plane(buildings.points)
    grounds = _grounds(buildings, objects, plane)
    inside = np.zeros(len(buildings.asset_ids), np.int64)
    declared = derived = 0
    with connection.cursor().copy(sql("coverage_copy")) as copy:
        for bit, of_kind in enumerate(OF_KINDS):
            kind = "company" if of_kind == "licence" else of_kind
            own = [each for each in objects if each.kind == kind]
            shapes = np.array([areas.get((of_kind, each.asset_id)) for each in own], dtype=object)
            held = buildings_inside(buildings.points, shapes)
            inside[held[1]] |= 1 << bit
            found = _compared(of_kind, own, shapes, held, buildings)
            for place, each in enumerate(own):
                ground = grounds.get((kind, each.asset_id))
                copy.write_row((city_id, of_kind, *_coverage_row(each, found, place), *map(_ewkb, (shapes[place], ground))))
            declared += int(np.count_nonzero(~shapely.is_missing(shapes)))
            derived += sum(1 for state in found.state if state == "derived" and of_kind != "licence")
    with connection.cursor().copy(sql("coverage_copy_buildings")) as copy:
        for row in _building_rows(city_id, buildings, inside):
            copy.write_row(row)
    return CoverageReport(len(buildings.asset_ids), int(np.count_nonzero(buildings.evidence == NOBODY)), declared, derived)


def _declared_areas(connection: Connection, city_id: int, objects: Sequence[_Object]) -> dict[tuple[str, int], Any]:
    """Return the declared area of each object by kind and id; several become one."""
    rows = connection.execute(sql("coverage_areas"), {"city_id": city_id}).fetchall()
    shapes, _ = repair(shapely.from_wkb(np.array([row[2] for row in rows], dtype=object)))
    areas: dict[tuple[str, int], Any] = {}
    for (of_kind, asset_id, _), shape in zip(rows, shapes, strict=True):
        before = areas.get((of_kind, asset_id))
        areas[of_kind, asset_id] = shape if before is None else shapely.union(before, shape)
    own = [each for each in objects if each.polygon is not None and each.kind in _OWN_POLYGON]
    polygons, _ = repair(shapely.from_wkb(np.array([each.polygon for each in own], dtype=object)))
    for each, polygon in zip(own, polygons, strict=True):
        areas.setdefault((each.kind, each.asset_id), polygon)
    return areas


def _server(of_kind: str, buildings: _Buildings) -> Ids:
    return buildings.servers["source" if of_kind in {"plant", "boiler_house"} else of_kind]


def _compared(
    of_kind: str,
    objects: Sequence[_Object],
    shapes: Shapes,
    held: tuple[NDArray[np.intp], NDArray[np.intp]],
    buildings: _Buildings,
) -> Comparison:
    return compare(
        np.array([each.asset_id for each in objects], np.int32),
        ~shapely.is_missing(shapes),
        held,
        buildings.asset_ids,
        server_ids=_server(of_kind, buildings),
        heated_area_m2=buildings.heated_area_m2,
        placed=buildings.placed,
    )


def _plane(points: Shapes) -> Operation:
    """Return a transverse Mercator projection about the middle of the buildings: metres on the ground within a city."""
    lonlat = coordinates_of(points)
    lon, lat = (0.0, 0.0) if not len(lonlat) else lonlat.mean(axis=0).round(3).tolist()
    steps = f"+step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=tmerc +lat_0={lat} +lon_0={lon} +k=1 +ellps=WGS84"
    return pipeline_operation(f"+proj=pipeline {steps}", text="plane of the city", accuracy_m=0.0)


def _grounds(buildings: _Buildings, objects: Sequence[_Object], plane: Operation) -> dict[tuple[str, int], Any]:
    """Return the served ground of every object in degrees, by kind and id."""
    footprints, points = buildings.footprints[buildings.placed], buildings.points[buildings.placed]
    single = np.full(len(buildings.points), None, dtype=object)
    flat = with_coordinates(footprints, apply(plane, coordinates_of(footprints)))
    single[buildings.placed] = building_grounds(flat, apply(plane, coordinates_of(points)))
    result: dict[tuple[str, int], Any] = {}
    # what has substation, source and company in common grows together once
    chains = [_server(of_kind, buildings) for of_kind in ("substation", "plant", "company")]
    number = alike(*chains)
    parts, first = np.unique(number, return_index=True)
    pieces = grown_together(single, number, parts)
    for of_kind in ("substation", "estate", "plant", "boiler_house", "company"):
        own = np.array([each.asset_id for each in objects if each.kind == of_kind], np.int32)
        server = _server(of_kind, buildings)
        merged = grown_together(single, server, own) if of_kind == "estate" else joined(pieces, server[first], own)
        lonlat = with_coordinates(merged, apply(plane, coordinates_of(merged), inverse=True))
        fixed, _ = repair(lonlat)
        result.update({(of_kind, asset_id): shape for asset_id, shape in zip(own.tolist(), fixed, strict=True)})
    return result


def _coverage_row(each: _Object, found: Comparison, place: int) -> tuple[object, ...]:
    agreement = float(found.agreement[place])
    return (
        *(each.asset_id, each.kind, each.code, each.name, found.state[place]),
        *(int(found.served_count[place]), int(found.inside_count[place]), float(found.heated_area_m2[place])),
        None if np.isnan(agreement) else agreement,
        *(ids[place].tolist() for ids in (found.outside, found.foreign, found.unserved)),
        # what a company serves is its own business
        each.asset_id if each.kind == "company" else each.company_id,
        each.area_id,
    )


def _ewkb(geometry: shapely.Geometry | None) -> str | None:
    return None if geometry is None else shapely.to_wkb(shapely.set_srid(geometry, 4326), hex=True, include_srid=True)


def _building_rows(city_id: int, buildings: _Buildings, inside: NDArray[np.int64]) -> Any:
    columns: list[NDArray[Any]] = [
        buildings.asset_ids,
        *(buildings.servers[name] for name in ("substation", "source", "company")),
        buildings.estate_ids,
        buildings.evidence,
        inside,
        buildings.heated_area_m2,
    ]
    names = zip(*(column.tolist() for column in columns), buildings.owner_ids, buildings.area_ids, strict=True)
    for asset_id, substation, source, supplier, estate, *rest in names:
        yield (city_id, asset_id, substation or None, source or None, supplier or None, estate or None, *rest)
