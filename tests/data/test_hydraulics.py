"""Pressures of cities out of PostGIS: the sample city and a real town."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandapipes
import pytest
from pandapipes.topology import create_nxgraph, unsupplied_junctions
from typer.testing import CliRunner

from api.cli import build_app
from data.hydraulics import read_hydraulic_tables
from data.imports.manifest import locate_manifest
from data.imports.run import run_import
from data.network import read_network, read_network_tables
from data.pool import connect
from topology.codes import CLOSED, SOURCE, VALVE
from topology.hydraulics.scenario import Scenario
from topology.hydraulics.solve import solve_zone
from topology.hydraulics.what_if import what_if
from topology.network import build_network


def run_solve(url: str, monkeypatch: pytest.MonkeyPatch, *options: str):
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", url)
    return CliRunner().invoke(build_app(), ["network", "solve", *options])


def test_the_sample_has_pressures_that_pass_every_gate(sample_url: str) -> None:
    with connect(sample_url) as connection:
        network, tables = read_network(connection, 1), read_hydraulic_tables(connection, 1)
    sources = network.assets.asset_id[network.edges.row[network.edges.kind == SOURCE]]
    plant = int(sources.min())
    zone = solve_zone(network, tables, plant)
    assert zone.problems == ()
    assert len(zone.stations.asset_id) == 60
    assert zone.height_unknown == zone.diameter_unknown == 0
    assert [feed.source_id for feed in zone.feeds] == sorted(set(sources.tolist()))
    with connect(sample_url) as connection:
        load = connection.execute(
            "select sum((attributes ->> 'heat_load_mw')::float) from asset where kind = 'building'"
        ).fetchone()
    assert load is not None
    assert sum(feed.power_mw for feed in zone.feeds) == pytest.approx(load[0], rel=1e-6)
    assert 0.3 <= zone.feeds[0].return_mpa <= 0.6
    assert 0.5 <= zone.feeds[0].supply_mpa <= 1.6
    assert 0.1 <= zone.stations.differential_mpa.min() <= 0.11
    assert zone.pipes.velocity_m_per_s.max() < 3.5
    assert zone.pipes.friction_pa_per_m.max() < 300.0


def test_cut_off_by_its_first_valves_the_plant_serves_nobody(sample_url: str) -> None:
    with connect(sample_url) as connection:
        network, tables = read_network(connection, 1), read_hydraulic_tables(connection, 1)
    edges = network.edges
    plant = int(network.assets.asset_id[edges.row[edges.kind == SOURCE]].min())
    closed = network.with_valve_states(
        {int(each): "closed" for each in network.assets.asset_id[edges.row[edges.kind == VALVE]]}, valve_version=9
    )
    assert (closed.edges.state[edges.kind == VALVE] == CLOSED).all()
    zone = solve_zone(closed, tables, plant)
    assert [problem.rule for problem in zone.problems] == ["no_station"]
    assert zone.valve_version == 9


def test_the_command_writes_the_same_figures_as_text_and_as_json(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, figures = run_solve(sample_url, monkeypatch), run_solve(sample_url, monkeypatch, "--json")
    assert text.exit_code == figures.exit_code == 0
    (zone,) = json.loads(figures.stdout)
    assert zone["converged"]
    assert zone["stations"] == 60
    assert zone["problems"] == []
    assert f"source {zone['source_id']}: {zone['nodes']} nodes" in text.stdout
    assert f"source_supply_mpa                 {zone['source_supply_mpa']}" in text.stdout


def test_the_command_takes_a_code_and_refuses_what_is_no_source(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    named = run_solve(sample_url, monkeypatch, "--source", "DC01", "--json")
    assert named.exit_code == 0
    wrong = run_solve(sample_url, monkeypatch, "--source", "HRZ0001")
    assert wrong.exit_code == 1
    assert "is no heat source of this network" in str(wrong.exception)


def unsupplied_consumers(net: Any, pipe: int) -> set[str]:
    """Codes of the consumers that pandapipes' own search finds off without a pipe: a side of theirs reaches no pump junction."""
    net.pipe.loc[pipe, "in_service"] = False
    try:
        # a consumer joins supply and return, and a graph with it would feed one side through the other
        graph = create_nxgraph(net, include_heat_consumers=False, include_pressure_circ_pumps=False)
        slacks = set(net.circ_pump_pressure[["flow_junction", "return_junction"]].to_numpy().ravel().tolist())
        off = unsupplied_junctions(net, mg=graph, slacks=slacks)
    finally:
        net.pipe.loc[pipe, "in_service"] = True
    ends = net.heat_consumer[["from_junction", "to_junction"]]
    return {f"C{number}" for number, pair in ends.iterrows() if off & set(pair)}


def test_topology_and_solver_find_off_what_pandapipes_finds_unsupplied(database_url: str, shared: Path) -> None:
    run_import(locate_manifest("schutterwald"), database_url, seat="test", data_root=shared / "data")
    with connect(database_url) as connection:
        tables, sizes = read_network_tables(connection, 101), read_hydraulic_tables(connection, 101)
        rows = connection.execute("select asset_id, code from asset where city_id = 101 and kind in ('pipe', 'substation')")
        code = {int(asset_id): str(text) for asset_id, text in rows}
    pipe_of = {text: asset_id for asset_id, text in code.items() if text.startswith("H")}
    net = pandapipes.from_json(str(shared / "data/net-schutterwald/sw_heat.json"))
    whole = build_network(tables)
    source = int(whole.assets.asset_id[whole.edges.row[whole.edges.kind == SOURCE]][0])
    pipes = np.random.default_rng(7).choice(net.pipe.index[net.pipe["length_km"] > 0.0], 6, replace=False)
    found = 0
    for pipe in pipes.tolist():
        cut = tables.pipes["asset_id"] != pipe_of[f"H{pipe}"]
        network = build_network(replace(tables, pipes=tables.pipes[cut]))
        result = what_if(network, sizes, Scenario(source_id=source))
        expected = unsupplied_consumers(net, pipe)
        assert {code[each] for each in result.off_by_solver} == expected, pipe
        assert result.agrees, pipe
        found += len(expected)
    assert found > 5


def test_a_real_town_converges(database_url: str, shared: Path) -> None:
    run_import(locate_manifest("schutterwald"), database_url, seat="test", data_root=shared / "data")
    with connect(database_url) as connection:
        network, tables = read_network(connection, 101), read_hydraulic_tables(connection, 101)
    source = int(network.assets.asset_id[network.edges.row[network.edges.kind == SOURCE]][0])
    zone = solve_zone(network, tables, source)
    assert zone.problems == ()
    assert len(zone.stations.asset_id) == 44
    assert zone.height_unknown == len(zone.nodes.side)  # the net has no heights
    assert zone.feeds[0].power_mw == pytest.approx(float(tables.substations["heat_load_mw"].sum()))
