"""Part of `make bench-trace`: one what-if of the zone with the most substations, in a process that has solved before."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from topology.codes import OPEN, VALVE
from topology.hydraulics.scenario import Scenario
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.what_if import KnownZones, what_if
from topology.hydraulics.zone import ZoneMap, map_zones
from topology.network import Network

_SEED = 20_261_121
_TRIES = 3


def measure(network: Network, tables: HydraulicTables) -> dict[str, Any]:
    """Close one valve in the largest zone and tell how long the answer takes.

    Returns
    -------
    dict
        whatif_zone_s: the median of three, cut to what the worker does for a question (zone cut, present and changed state solved
        with temperatures, compared with the topology); whatif_again_s: the same while the worker still knows the present state;
        whatif_cpu_s: processor time of the first; whatif_nodes, whatif_stations: size of the zone; whatif_agrees: answers in
        which solver and topology name the same substations as off.
    """
    zones = map_zones(network, tables)
    source_id = _largest(zones)
    zone = zones.cut(source_id)
    valves = _valves(network, zones, source_id)
    first: list[float] = []
    again: list[float] = []
    cpu: list[float] = []
    agrees = 0
    what_if(network, tables, Scenario(source_id=source_id, outdoor_degc=0.0))  # the library is loaded
    for valve in np.random.default_rng(_SEED).choice(valves, min(_TRIES, len(valves)), replace=False):
        scenario = Scenario(source_id=source_id, close=(int(valve),))
        known: KnownZones = {}
        for seconds in (first, again):
            start, start_cpu = time.perf_counter(), time.process_time()
            result = what_if(network, tables, scenario, known=known)
            seconds.append(time.perf_counter() - start)
            cpu.append(time.process_time() - start_cpu)
        agrees += result.agrees
    sys.stderr.write(f"what-if: source {source_id}, {len(first)} valves closed one at a time\n")
    return {
        "whatif_zone_s": round(float(np.median(first)), 2),
        "whatif_again_s": round(float(np.median(again)), 2),
        "whatif_cpu_s": round(float(np.median(cpu[::2])), 2),
        "whatif_nodes": len(zone.node_side),
        "whatif_stations": len(zone.station_id),
        "whatif_agrees": f"{agrees} of {len(first)}",
    }


def _largest(zones: ZoneMap) -> int:
    """Return the holder of the zone with the most substations fed on both sides."""
    size = {holder: len(zones.cut(holder).station_id) for holder in zones.holders()}
    return max(size, key=lambda holder: (size[holder], -holder))


def _valves(network: Network, zones: ZoneMap, source_id: int) -> list[int]:
    """Return the open valves of the zone's supply side and return side."""
    edges = network.edges
    edge = np.flatnonzero((edges.kind == VALVE) & (edges.state == OPEN))
    node = zones.drawing.node[edges.u[edge]]
    inside = (node >= 0) & np.isin(zones.part[np.maximum(node, 0)], zones.key(source_id))
    return [int(each) for each in network.assets.asset_id[edges.row[edge[inside]]]]
