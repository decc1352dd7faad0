"""Puts every question once to a network that was just built: nobody waits for what the first one compiles and lays out.

Which assets are asked about does not matter; the answers are thrown away.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import numpy as np

from api.tracing.criticals import Criticals
from api.tracing.facts import Facts, FactStore
from topology.answers.chain import chain
from topology.answers.impact import impact, impact_of
from topology.answers.path import path
from topology.answers.supply import sources, supply_area
from topology.answers.trace import connected, downstream, upstream
from topology.assets import KIND_CODE
from topology.codes import VALVE
from topology.cuts.isolation import isolate
from topology.errors import NotTraceable
from topology.network import Network

logger = logging.getLogger(__name__)

_TRIES = 3
_KINDS = ("pipe", "valve", "substation", "plant", "boiler_house", "building_inlet", "building")


async def warm(facts: FactStore, criticals: Criticals, network: Network) -> None:
    """Read the facts of a network, and put every question to it once, in a thread.

    Notes
    -----
    Cost: docs/trace.md; in a fresh checkout numba compiles for some seconds, later it reads what it compiled.
    """
    started = time.perf_counter()
    known = await facts.get(network)
    await asyncio.to_thread(ask_everything, network, known)
    await criticals.get(network, known)
    logger.info(
        "network of city %d: every question asked once in %.0f ms", network.city_id, 1e3 * (time.perf_counter() - started)
    )


def ask_everything(network: Network, facts: Facts) -> None:
    """Put every question to a network once."""
    for ask in _questions(network, facts):
        # a network without a source or a building cannot tell everything
        with suppress(NotTraceable):
            ask()


def _questions(network: Network, facts: Facts) -> Iterator[Callable[[], object]]:
    one = _one_of_each(network)
    asset_ids = tuple(one.values())
    for asset_id in asset_ids:
        yield partial(impact, network, asset_id)
        yield partial(network.lost_buildings, asset_id)
    if not asset_ids:
        return
    yield partial(impact_of, network, asset_ids)
    stuck = tuple(one[kind] for kind in ("valve",) if kind in one)
    yield partial(isolate, network, asset_ids[:1], stuck=stuck, capacity=facts.capacity)
    for asset_id in _beside_closed_valves(network):
        yield partial(isolate, network, (asset_id,), capacity=facts.capacity)
    for asset_id in (asset_ids[0], asset_ids[-1]):
        for trace in (downstream, upstream, connected, sources, chain):
            yield partial(trace, network, asset_id)
    yield partial(supply_area, network, asset_ids[:1])
    yield partial(path, network, asset_ids[0], asset_ids[-1])


def _one_of_each(network: Network) -> dict[str, int]:
    """Return the asset id of a fed pipe, and of the first asset of each other kind that answers differ for."""
    assets, pipe = network.assets, network.edges.pipe_count
    fed = network.state.dominators.first[1 + network.segments.of_node[network.edges.u[:pipe]]] >= 0
    rows = {name: np.flatnonzero(assets.kind == KIND_CODE[name]) for name in _KINDS} | {"pipe": network.edges.row[:pipe][fed]}
    return {name: int(assets.asset_id[found[0]]) for name, found in rows.items() if len(found)}


def _beside_closed_valves(network: Network) -> list[int]:
    """Return pipes whose isolation looks for a way round: before a closed valve, the other side of which is fed too."""
    links, tree, segments = network.state.links, network.state.dominators, network.segments
    valve = np.flatnonzero((links.kind == VALVE) & ~network.state.fed.passes)
    one, other = 1 + links.a[valve], 1 + links.b[valve]
    both = (tree.first[one] >= 0) & (tree.first[other] >= 0)
    above = tree.parent[tree.parent[one[both][:_TRIES]]]
    named = segments.segment_id[above[(above > 0) & (above <= segments.count)] - 1]
    return [int(asset_id) for asset_id in np.unique(named[named > 0])]
