"""Segments and valves to close of a real water network (KY4) against those of WNTR."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.topology.builders import Sketch
from topology.cuts.isolation import isolate
from topology.network import build_network

VALVES = 150


@pytest.mark.filterwarnings("ignore")  # of WNTR and what it imports
def test_segments_and_valves_equal_those_of_wntr(shared: Path) -> None:
    wntr = pytest.importorskip("wntr", reason="WNTR is not installed")
    water = wntr.network.WaterNetworkModel(str(shared / "data/net-ky4-water/ky4.inp"))
    layer = wntr.network.generate_valve_layer(water, "random", VALVES, seed=3)
    node_segment, link_segment, _ = wntr.metrics.valve_segments(water.to_graph(), layer)
    sketch, at_start, middle, at_end = _drawn(water, layer)
    network = build_network(sketch.tables())
    segment = dict(zip(*(ids.tolist() for ids in network.segment_id_of_pipe()), strict=True))
    pairs = {(segment[middle[name]], link_segment[name]) for name in middle}
    for name, link in water.links():
        pairs |= {(segment[at_start[name]], node_segment[link.start_node_name])}
        pairs |= {(segment[at_end[name]], node_segment[link.end_node_name])}
    ours, theirs = zip(*pairs, strict=True)
    assert len(pairs) == len(set(ours)) == len(set(theirs)) > 20
    for name in np.random.default_rng(0).choice(sorted(middle), 60):
        here = link_segment[name]
        beside = (link_segment[layer["link"]].to_numpy() == here) != (node_segment[layer["node"]].to_numpy() == here)
        assert set(isolate(network, [middle[name]]).order) == {5000 + i for i in np.flatnonzero(beside)}, name


def _drawn(water: object, layer: pd.DataFrame) -> tuple[Sketch, dict[str, int], dict[str, int], dict[str, int]]:
    """Draw every link as one pipe, or as two or three where valves stand at its ends; returns the pieces of each link."""
    sketch = Sketch()
    place = {name: i for i, name in enumerate(water.node_name_list)}  # type: ignore[attr-defined]
    valve_at = {(valve.link, valve.node): 5000 + i for i, valve in enumerate(layer.itertuples())}
    for valve in valve_at.values():
        sketch.valve(valve, valve, sides=(1,))
    sketch.source(1, place[water.reservoir_name_list[0]])  # type: ignore[attr-defined]
    start_piece, middle, end_piece, number = {}, {}, {}, iter(range(10_000, 20_000))
    for name, link in water.links():  # type: ignore[attr-defined]
        ends = link.start_node_name, link.end_node_name
        valves = [valve_at.get((name, end)) for end in ends]
        stops = [place[ends[0]], *(valve for valve in valves if valve), place[ends[1]]]
        pieces = [sketch.pipe(next(number), *stop, sides=(1,)) for stop in pairwise(stops)]
        start_piece[name], end_piece[name] = pieces[0], pieces[-1]
        middle[name] = pieces[1] if valves[0] else pieces[0]
    return sketch, start_piece, middle, end_piece
