"""Who feeds whom in the drawing: substations of buildings and inlets, running sources of substations."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.build.edges import Edges, Services
from topology.build.segments import Segments
from topology.codes import CLOSED, EXCHANGER, SOURCE
from topology.states.state import State

Rows: TypeAlias = NDArray[np.int32]
Pairs: TypeAlias = tuple[Rows, Rows]
"""Rows of the `AssetTable` with a zone of each; a row has as many as it has."""


def exchanger_zones(state: State) -> Pairs:
    """Return substations with the zones of the secondary network that they feed."""
    links = state.links
    exchanger = np.flatnonzero(links.kind == EXCHANGER)
    return links.row[exchanger], state.fed.zone[links.b[exchanger]]


def primary_zones(state: State) -> Pairs:
    """Return substations with the zones of the primary network that they hang on."""
    links = state.links
    exchanger = np.flatnonzero(links.kind == EXCHANGER)
    return links.row[exchanger], state.fed.zone[links.a[exchanger]]


def source_zones(edges: Edges, state: State) -> Pairs:
    """Return running heat sources with the zones that they feed."""
    links = state.links
    running = np.flatnonzero((links.kind == SOURCE) & (edges.state[links.edge] != CLOSED))
    return links.row[running], state.fed.zone[links.b[running]]


def service_zones(segments: Segments, state: State, services: Services, row: Rows) -> Pairs:
    """Return what hangs on inlets with the zones that those lie in, both sides; `row` is the row of each inlet (-1 = leave out).

    `services.building_row` gives the buildings, `services.inlet_row` the inlets themselves.
    """
    named = (services.inlet_row >= 0) & (row >= 0)
    pairs = [
        (row[drawn], state.fed.zone[segments.of_node[node[drawn]]])
        for node in (services.supply_node, services.return_node)
        for drawn in [named & (node >= 0)]
    ]
    one, other = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return one, other


def feeders_of(rows: NDArray[np.integer], fed: Pairs, feeds: Pairs) -> dict[int, list[int]]:
    """Return for each row who feeds a zone that it lies in, by rising row. Cost: a join of the rows asked for."""
    wanted = np.isin(fed[0], rows)
    left = pd.DataFrame({"row": fed[0][wanted], "zone": fed[1][wanted]}).drop_duplicates()
    known = np.isin(feeds[1], left["zone"].to_numpy())
    right = pd.DataFrame({"feeder": feeds[0][known], "zone": feeds[1][known]}).drop_duplicates()
    pairs = left.merge(right, on="zone")
    found: dict[int, list[int]] = {int(row): [] for row in rows.tolist()}
    for row, feeder in pairs[["row", "feeder"]].drop_duplicates().sort_values(["row", "feeder"]).itertuples(index=False):
        found[int(row)].append(int(feeder))
    return found
