"""Ground that is served in the normal state, of estates, substations, heat sources and companies; what companies may serve."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.buildings import estate_outline
from data.demo.places import Places
from data.demo.streets import Block
from data.demo.tables import DemoCity, company_code, estate_code, source_code, substation_code

Shapes = NDArray[np.object_]

STREET_M = 29.0
"""Half the way between estates on both sides of a street: ground grows together over it."""
HULL_M = 6.0
"""Around the buildings of a substation that shares an estate with others."""
_GRID_M = 0.05
_SIMPLE_M = 1.0
_NAMES = "供热范围"


def substation_grounds(city: DemoCity) -> Shapes:
    """Return the ground of each substation: its estates, or its part of an estate that it shares."""
    estates = [sorted({city.buildings[building].estate for building in station.buildings}) for station in city.substations]
    outlines = np.array([estate_outline(estate) for estate in city.estates], dtype=object)
    shared = Counter(estate for own in estates for estate in own)
    grounds = np.empty(len(estates), dtype=object)
    for index, own in enumerate(estates):
        whole = [estate for estate in own if shared[estate] == 1]
        parts = list(outlines[whole])
        if len(whole) < len(own):
            shapes = [city.buildings[building].outline for building in city.substations[index].buildings]
            parts.append(shapely.buffer(shapely.convex_hull(shapely.union_all(shapes)), HULL_M, join_style="mitre"))
        grounds[index] = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return grounds


def coverage_frame(
    city: DemoCity, urban: shapely.Geometry, city_code: str, company_names: Sequence[str]
) -> geopandas.GeoDataFrame:
    """Return the coverage areas of five kinds and the built-up extent.

    Parameters
    ----------
    urban
        Built-up extent.
    city_code
        Of the city, to which that belongs.
    company_names
        By index.

    Returns
    -------
    Codes are `GR` and the code of what serves the ground; those of different substations, sources or companies do not
    overlap. Cost: 4 s for 3,500 substations.
    """
    grounds = substation_grounds(city)
    fed = city.flows.source
    companies = np.array([station.company for station in city.substations])
    used = sorted({building.estate for building in city.buildings})
    rows: list[tuple[str, str, str, str, shapely.Geometry]] = [("CSFW", "建成区范围", "city", city_code, urban)]
    rows += [
        _row("company", company_code(index), company_names[index], _grown(grounds[companies == index]))
        for index in np.unique(companies).tolist()
    ]
    for index in np.unique(fed).tolist():
        source = city.sources[index]
        rows.append(_row(source.kind, source_code(city.sources, index), source.name, _grown(grounds[fed == index])))
    rows += [
        _row("substation", substation_code(index), station.name, grounds[index]) for index, station in enumerate(city.substations)
    ]
    rows += [_row("estate", estate_code(index), city.estates[index].name, estate_outline(city.estates[index])) for index in used]
    columns = dict(zip(("code", "name", "of_kind", "of_code"), zip(*(row[:4] for row in rows), strict=True), strict=True))
    return geopandas.GeoDataFrame(columns, geometry=[row[4] for row in rows])


def _row(kind: str, code: str, name: str, ground: shapely.Geometry) -> tuple[str, str, str, str, shapely.Geometry]:
    return f"GR{code}", f"{name}{_NAMES}", kind, code, ground


def _grown(grounds: Shapes) -> shapely.Geometry:
    """Return ground grown together over the streets between its parts, and no further out than they reach.

    On a grid of centimetres, wide enough that no sliver collapses when a delivery rounds its coordinates.
    """
    wide = shapely.union_all(shapely.buffer(grounds, STREET_M, join_style="mitre"))
    closed = shapely.buffer(wide, -STREET_M, join_style="mitre")
    return shapely.set_precision(shapely.simplify(shapely.union_all([closed, *grounds]), _SIMPLE_M), _GRID_M)


def licence_frame(city: DemoCity, places: Places, companies: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return for each company with substations where it may serve: its blocks with the streets around them.

    Parameters
    ----------
    companies
        With code, name and licence, by index.
    """
    owner = _owners(city, places)
    extents = np.array(places.block_extents, dtype=object)
    own = sorted(set(owner.tolist()))
    columns = {
        "code": [f"XK{company_code(index)}" for index in own],
        "name": [f"{companies['name'].iloc[index]}许可范围" for index in own],
        "company_code": [company_code(index) for index in own],
        "licence": [companies["licence"].iloc[index] for index in own],
    }
    return geopandas.GeoDataFrame(columns, geometry=[shapely.union_all(extents[owner == index]) for index in own])


def _owners(city: DemoCity, places: Places) -> NDArray[np.int64]:
    """Return the company of each block: of most of its substations; a block without any follows the nearest one that has."""
    blocks = city.streets.blocks
    votes: Mapping[int, Counter[int]] = defaultdict(Counter)
    for station, block in zip(city.substations, _blocks_of(city, blocks), strict=True):
        votes[block][station.company] += 1
    owner = np.full(len(blocks), -1)
    for block, counts in votes.items():
        owner[block] = counts.most_common(1)[0][0]
    middle = shapely.get_coordinates(shapely.centroid(np.array(places.block_extents, dtype=object)))
    known = np.flatnonzero(owner >= 0)
    for block in np.flatnonzero(owner < 0):
        owner[block] = owner[known[int(np.hypot(*(middle[known] - middle[block]).T).argmin())]]
    return owner


def _blocks_of(city: DemoCity, blocks: Sequence[Block]) -> Iterable[int]:
    """Return the block of each substation."""
    outlines = np.array([block.outline for block in blocks], dtype=object)
    points = shapely.points([station.xy for station in city.substations])
    station, block = shapely.STRtree(outlines).query_nearest(points, all_matches=False)
    of: list[int] = block[np.argsort(station)].tolist()
    return of
