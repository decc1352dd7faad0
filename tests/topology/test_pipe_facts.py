"""What feeds each pipe and how much hangs on it, against sources counted part by part."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from tests.topology.builders import Sketch
from tests.topology.test_criticality import BRIEF, Ledger, rings
from topology.answers.pipe_facts import CRITICALITY_CLASSES, pipe_criticalities, pipe_feeders, user_classes
from topology.cuts.capacity import read_capacity
from topology.cuts.criticality import criticality
from topology.hydraulics.tables import HydraulicTables
from topology.network import build_network


@BRIEF
@given(rings())
def test_the_strongest_running_source_of_its_part_feeds_a_pipe(case: tuple[Sketch, HydraulicTables]) -> None:
    sketch, sizes = case
    tables = sketch.tables()
    network, ledger = build_network(tables), Ledger(tables, sizes)
    found = dict(zip(*(column.tolist() for column in pipe_feeders(network, read_capacity(network.assets, sizes))), strict=True))
    expected: dict[int, int] = {}
    for side in (1, 2):
        for part in ledger.parts(side):
            running = [
                (-float(np.nan_to_num(ledger.power[int(str(source.asset_id))])), int(str(source.asset_id)))
                for source in tables.sources.itertuples()
                if source.running and ledger.oracle.at(source, side - 1) & part
            ]
            if running:
                expected |= dict.fromkeys(part, min(running)[1])
    pipes = set(tables.pipes["asset_id"])
    assert found == {pipe: source for pipe, source in expected.items() if pipe in pipes}


@BRIEF
@given(rings())
def test_every_pipe_has_the_class_of_its_segment(case: tuple[Sketch, HydraulicTables]) -> None:
    sketch, sizes = case
    network = build_network(sketch.tables())
    capacity = read_capacity(network.assets, sizes)
    found = criticality(network, capacity)
    users = np.maximum(found.users_lost, found.buildings_lost) + found.users_short
    of_segment = dict(zip(found.segment_id.tolist(), users.tolist(), strict=True))
    classes = dict(zip(*(column.tolist() for column in pipe_criticalities(network, capacity)), strict=True))
    for pipe, segment in zip(*(column.tolist() for column in network.segment_id_of_pipe()), strict=True):
        assert classes[pipe] == (1 if of_segment[segment] == 0 else 2)  # these towns have fewer than 100 users


def test_classes_begin_where_their_names_say() -> None:
    firsts = np.array([0, 1, 99, 100, 999, 1000, 9999, 10_000])
    assert user_classes(firsts).tolist() == [1, 2, 2, 3, 3, 4, 4, 5]
    assert list(CRITICALITY_CLASSES) == [1, 2, 3, 4, 5]
