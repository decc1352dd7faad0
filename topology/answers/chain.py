"""The chain from an asset back to its heat source: as the tables declare it, and as the drawing leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import row_of
from topology.assets import KIND_CODE, KINDS
from topology.build.feeders import exchanger_zones, feeders_of, primary_zones, source_zones
from topology.network import Network

Rows = NDArray[np.int32]

DECLARED = "the delivered tables: substation of a building, source and branch of a substation, owner"
TRACED = "over open valves: substations whose exchangers feed the water of the asset, running sources in their primary zone"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain.

    Attributes
    ----------
    role
        `user`, `substation` or `source`.
    declared
        Row, -1 = nothing is declared.
    traced
        Rows, rising.
    differs
        True where something is declared and the drawing names others only.
    """

    role: str
    declared: int
    traced: tuple[int, ...]
    differs: bool


def chain(network: Network, asset_id: int) -> tuple[Link, ...]:
    """Return the chain of an asset, its own link first.

    Raises
    ------
    NotTraceable
        When the network does not hold the asset.

    Notes
    -----
    Cost: a few passes over exchangers and sources, milliseconds for a city.
    """
    row = row_of(network, asset_id)
    kind = KINDS[network.assets.kind[row]]
    if kind in {"plant", "boiler_house"}:
        return (Link("source", row, (row,), differs=False),)
    if kind == "substation":
        return (Link("substation", row, (row,), differs=False), _source(network, row, (row,)))
    zones = _zones(network, row)
    substations, at = exchanger_zones(network.state)
    feeding = tuple(int(each) for each in np.unique(substations[np.isin(at, zones)]))
    user = _building(network, row)
    declared = int(network.declared.substation_of[user]) if user >= 0 else -1
    links = [Link("user", user, (user,), differs=False)] if user >= 0 else []
    if feeding or declared >= 0:
        links.append(_link("substation", declared, feeding))
        return (*links, _source(network, declared, feeding))
    sources, zone = source_zones(network.edges, network.state)
    return (*links, _link("source", -1, tuple(int(each) for each in np.unique(sources[np.isin(zone, zones)]))))


def _link(role: str, declared: int, traced: tuple[int, ...]) -> Link:
    return Link(role, declared, traced, differs=declared >= 0 and declared not in traced)


def _source(network: Network, substation: int, substations: tuple[int, ...]) -> Link:
    """The source of a declared substation, beside those in the primary zones of all that feed."""
    declared = int(network.declared.source_of[substation]) if substation >= 0 else -1
    fed = feeders_of(np.array(substations, np.int64), primary_zones(network.state), source_zones(network.edges, network.state))
    return _link("source", declared, tuple(sorted({source for found in fed.values() for source in found})))


def _building(network: Network, row: int) -> int:
    """Return the building that an asset is or feeds, -1 = none."""
    if network.assets.kind[row] == KIND_CODE["building"]:
        return row
    mine = network.services.building_row[network.services.inlet_row == row]
    return int(mine[0]) if network.assets.kind[row] == KIND_CODE["building_inlet"] and mine.size else -1


def _zones(network: Network, row: int) -> Rows:
    """Return the zones of the water in which an asset stands, both sides."""
    edges, services, of_node = network.edges, network.services, network.segments.of_node
    mine = (services.inlet_row == row) | (services.building_row == row)
    own = edges.row == row
    nodes = np.concatenate(
        [
            edges.u[own],
            edges.v[own],
            services.supply_node[mine],
            services.return_node[mine],
            network.station_node[network.station_row == row],
        ]
    )
    found: Rows = np.unique(network.state.fed.zone[of_node[nodes[nodes >= 0]]])
    return found
