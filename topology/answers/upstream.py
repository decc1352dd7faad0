"""Who no healthy heat source feeds: a flood of the network without the sources that fail."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from topology.answers.impact import elements_of
from topology.codes import EXCHANGER, SOURCE
from topology.network import Network


def unsupplied(network: Network, failing: Iterable[int]) -> NDArray[np.int64]:
    """Return the assets that get no heat from above when some sources fail, by rising id.

    Substations whose primary network is not fed on both sides, and buildings and inlets whose service is not. On a ring a second
    source that is well keeps everybody out of the answer.

    Parameters
    ----------
    network
        In its present state of valves and sources.
    failing
        Assets that are unwell; those of them that are no source are passed over.

    Notes
    -----
    Cost: one flood, below a millisecond for a city.
    """
    sources = set(network.edges.row[network.edges.kind == SOURCE].tolist())
    rows = sources & {network.assets.row_of(asset_id) for asset_id in failing}
    fed = network.flood([element for row in sorted(rows) for element in elements_of(network, row)])
    exchangers = network.net.links.kind == EXCHANGER
    stations = network.net.links.row[exchangers & ~fed.works]
    services = network.net.services
    dark = np.concatenate([services.building_row[~fed.service], services.inlet_row[~fed.service]])
    found = np.unique(np.concatenate([stations, dark]))
    answer: NDArray[np.int64] = network.assets.asset_id[found[found >= 0]].astype(np.int64)
    return answer
