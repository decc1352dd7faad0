"""The sample city's network out of PostGIS, every answer checked by a flood of the same tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.errors import NotFound
from data.imports.manifest import locate_manifest
from data.imports.run import run_import
from data.network import first_city, read_network, read_network_tables, read_valve_states, read_versions
from data.pool import connect
from gis.snapping import join_ends
from tests.topology.oracle import Oracle
from topology.answers.impact import figures, impact
from topology.answers.trace import downstream, upstream
from topology.codes import CLOSED, EXCHANGER, PIPE, SOURCE, VALVE
from topology.network import Network, build_network
from topology.tables import NetworkTables


@pytest.fixture(scope="module")
def tables(sample_url: str) -> NetworkTables:
    with connect(sample_url) as connection:
        return read_network_tables(connection, 1)


@pytest.fixture(scope="module")
def network(tables: NetworkTables) -> Network:
    return build_network(tables)


def ids(network: Network, rows: np.ndarray) -> set[int]:
    return set(network.assets.asset_id[rows].tolist())


def test_the_sample_has_no_findings_and_everyone_is_fed(network: Network, tables: NetworkTables) -> None:
    assert network.findings == ()
    assert len(tables.substations) == 60
    assert bool(network.state.fed.service.all())
    assert int(network.state.fed.works.sum()) == 2 * 60


def test_lost_equals_a_flood_for_200_random_assets(network: Network, tables: NetworkTables) -> None:
    oracle = Oracle(snapped(tables))
    now = oracle.fed()
    assert len(now) > 6000
    traced = np.flatnonzero(network.assets.kind <= 5)  # everything but buildings
    chosen = np.random.default_rng(7).choice(network.assets.asset_id[traced], 200, replace=False)
    for asset_id in [int(i) for i in chosen] + tables.substations["asset_id"].tolist() + tables.sources["asset_id"].tolist():
        found = impact(network, asset_id)
        lost = now - oracle.fed(oracle.segments.get(asset_id, frozenset({asset_id})))
        # a shut or closed valve stays where it is, so that the oracle does not count it
        assert {i for i in lost if i not in oracle.side} == consumers(network, found.lost), asset_id
        whole = {i for i in lost if i in oracle.side}
        assert whole <= {i for i in ids(network, found.lost) if i in oracle.side}, asset_id
        assert set(found.lost) <= set(found.reach), asset_id


def snapped(tables: NetworkTables) -> NetworkTables:
    """Replace positions by numbers of places, so that the oracle may compare them for equality."""
    names = ["valves", "substations", "sources", "inlets", "stations"]
    frames = [tables.pipes[["start_lon", "start_lat"]], tables.pipes[["end_lon", "end_lat"]]]
    frames += [getattr(tables, name)[["lon", "lat"]] for name in names]
    xy = np.concatenate([frame.to_numpy(dtype=float) for frame in frames])
    places = np.split(join_ends(xy, np.zeros(len(xy)), 0.05), np.cumsum([len(frame) for frame in frames])[:-1])
    pipes = tables.pipes.assign(start_lon=places[0], start_lat=0, end_lon=places[1], end_lat=0)
    points = {name: getattr(tables, name).assign(lon=place, lat=0) for name, place in zip(names, places[2:], strict=True)}
    return replace(tables, pipes=pipes, **points)


def consumers(network: Network, rows: np.ndarray) -> set[int]:
    kinds = (2, 5, 6)  # substation, building inlet, building
    return ids(network, rows[np.isin(network.assets.kind[rows], kinds)])


def test_the_plant_reaches_every_building_and_the_figures_add_up(network: Network, tables: NetworkTables) -> None:
    plant = int(tables.sources.loc[tables.sources["kind"] == "plant", "asset_id"].iloc[0])
    part = figures(network.assets, impact(network, plant).reach)
    fed = tables.buildings[tables.buildings["asset_id"].isin(tables.inlets["building_id"])]
    assert part.counts["building"] == len(fed)
    assert part.heat_user_count == fed["heat_user_count"].sum()
    assert part.heated_area_m2 == pytest.approx(fed["heated_area_m2"].sum())
    assert part.pipe_length_m == pytest.approx(tables.pipes["length_m"].sum())


def test_buildings_lost_with_1000_random_pipes_are_those_that_a_plain_flood_no_longer_reaches(network: Network) -> None:
    edges, services = network.edges, network.services
    pipes = edges.pipe_count
    drawn = components(edges.u[:pipes], edges.v[:pipes], network.node_count)
    everybody = fed_buildings(network, np.ones(len(edges.kind), bool))
    assert len(everybody) == len(np.unique(services.building_row))
    for edge in np.random.default_rng(11).integers(0, pipes, 1000).tolist():
        # the crew shuts what lies between valves: every pipe of that piece, and nothing passes its nodes any more
        out = drawn == drawn[edges.u[edge]]
        keep = ~(out[edges.v] | ((edges.u >= 0) & out[edges.u]))
        lost = np.setdiff1d(everybody, fed_buildings(network, keep))
        found = network.lost_buildings(int(network.assets.asset_id[edges.row[edge]]))
        assert sorted(found.tolist()) == network.assets.asset_id[lost].tolist()


def fed_buildings(network: Network, keep: np.ndarray) -> np.ndarray:
    """Flood the drawing, node by node, over the edges that are kept: primary first, then what working substations feed."""
    edges, services = network.edges, network.services
    water = keep & ((edges.kind == PIPE) | ((edges.kind == VALVE) & (edges.state != CLOSED)))
    zone = components(edges.u[water], edges.v[water], network.node_count)
    fed = np.zeros(zone.max() + 1, bool)
    fed[zone[edges.v[keep & (edges.kind == SOURCE) & (edges.state != CLOSED)]]] = True
    exchanger = np.flatnonzero(edges.kind == EXCHANGER)
    stopped = edges.row[exchanger[~fed[zone[edges.u[exchanger]]]]]
    works = exchanger[~np.isin(edges.row[exchanger], stopped) & keep[exchanger]]
    fed[zone[edges.v[works]]] = True
    alive = np.ones(len(services.building_row), bool)
    for node in (services.supply_node, services.return_node):
        drawn = node >= 0
        alive[drawn] &= fed[zone[node[drawn]]]
    return np.unique(services.building_row[alive])


def components(u: np.ndarray, v: np.ndarray, count: int) -> np.ndarray:
    return connected_components(coo_array((np.ones(len(u), bool), (u, v)), shape=(count, count)), directed=False)[1]


def test_each_inlet_lies_downstream_of_everything_upstream_of_it(network: Network, tables: NetworkTables) -> None:
    inlet = int(tables.inlets["asset_id"].iloc[17])
    above = [i for i in ids(network, upstream(network, inlet).rows) if i != inlet]
    assert set(tables.sources["asset_id"]) & set(above)
    for asset_id in above[:: max(1, len(above) // 40)]:
        assert inlet in ids(network, downstream(network, asset_id).rows), asset_id


def test_states_read_alone_give_the_network_that_tables_give(sample_url: str, network: Network) -> None:
    with connect(sample_url) as connection:
        states, version = read_valve_states(connection, 1)
    refreshed = network.with_valve_states(states, valve_version=version)
    assert refreshed.edges.state.tolist() == network.edges.state.tolist()


def test_an_unknown_city_is_not_found(sample_url: str) -> None:
    with connect(sample_url) as connection:
        assert first_city(connection) == 1
        with pytest.raises(NotFound, match="there is no city 9"):
            read_versions(connection, 9)


def test_schutterwald_builds_and_its_dirt_is_a_list(database_url: str, shared: Path) -> None:
    run_import(locate_manifest("schutterwald"), database_url, seat="test", data_root=shared / "data")
    with connect(database_url) as connection:
        network = read_network(connection, first_city(connection))
    assert network.edges.pipe_count == 482  # the gas pipes are not part of it
    rules = Counter(item.rule for item in network.findings)
    assert rules["pipe_without_geometry"] == 68  # both ends at one point: the import keeps them without a line
    assert rules["pair_missing"] == 482
    for asset_id in network.assets.asset_id:
        found = impact(network, int(asset_id))
        assert set(found.lost) <= set(found.reach)
        downstream(network, int(asset_id))
        upstream(network, int(asset_id))
