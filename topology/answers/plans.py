"""Works (检修) on the network: who loses heat while some of them run, alone and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import elements_of, own_rows, row_of
from topology.assets import KINDS
from topology.network import Network

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Work:
    """What one work does to the network while it runs.

    Attributes
    ----------
    asset_ids
        What is worked on: without heat, whole segments for pipes.
    valves
        State (`open`, `closed`) that each valve is brought to, by asset id.
    """

    asset_ids: Sequence[int] = ()
    valves: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clash:
    """Valves that two works share.

    Attributes
    ----------
    shared
        Valves that both bring to the same state: neither may be put back while the other work runs.
    opposed
        Valves that one closes and the other opens: the works cannot run together.
    """

    shared: tuple[int, ...]
    opposed: tuple[int, ...]


def lost_to(network: Network, works: Sequence[Work]) -> Rows:
    """Return the rows of the buildings that have heat now and none while all of these works run together.

    Valves are brought to their states, then everything that is worked on is taken out, and one flood tells who is left: opened
    valves give back, and works that harm nobody alone may do so together. A valve that one work closes and another opens counts
    as closed.

    Parameters
    ----------
    network
        In the state from which the works start.
    works
        At least one.

    Raises
    ------
    NotTraceable
        When the network does not hold an asset that is worked on.

    Notes
    -----
    Cost: one refresh and one flood, some milliseconds for a city.
    """
    rows = [row_of(network, asset_id) for work in works for asset_id in work.asset_ids]
    states: dict[int, str] = {}
    for work in works:
        states |= {asset_id: state for asset_id, state in work.valves.items() if states.get(asset_id) != "closed"}
    operated = network.with_states(states, valve_version=network.valve_version) if states else network
    after = operated.flood(sorted({element for row in rows for element in elements_of(network, row)}))
    buildings = network.services.building_row
    before = network.state.fed.service & (buildings >= 0)
    stay = np.unique(buildings[after.service & (buildings >= 0)])
    own = [own_rows(network, row) for row in rows if KINDS[network.assets.kind[row]] in {"building", "building_inlet"}]
    gone = np.setdiff1d(buildings[before], stay)
    ended = np.concatenate([gone, *own]).astype(np.int32)
    lost: Rows = np.unique(ended[network.assets.kind[ended] == KINDS.index("building")]).astype(np.int32)
    return lost


def clash(one: Work, other: Work) -> Clash:
    """Tell which valves two works share, and which they want differently."""
    both = sorted(one.valves.keys() & other.valves.keys())
    shared = tuple(asset_id for asset_id in both if one.valves[asset_id] == other.valves[asset_id])
    return Clash(shared, tuple(asset_id for asset_id in both if asset_id not in shared))
