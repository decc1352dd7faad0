"""Ages of alarms against the time that water needs: what is too young to have been reached, what rang too early or too late.

Taken for granted: lack of pressure is felt at once; cold water travels at `PRIMARY_M_PER_S` in the transmission and primary
network and at `SECONDARY_M_PER_S` in the secondary one, by the way that is fastest from a running source; a way may take half as
long again; a station may ring `TOLERANCE_S` late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from topology.causes.kernels import LARGEST_RATE
from topology.codes import CLOSED, EXCHANGER, PIPE, SOURCE
from topology.network import Network

Floats = NDArray[np.float64]

PRIMARY_M_PER_S = 1.0
"""Usual design velocity of a primary network."""
SECONDARY_M_PER_S = 0.5
TOLERANCE_S = 900.0
"""Periods of report, and the own inertia of a station."""
SLOWEST = 1.5
"""A way may take so many times as long as assumed, and `1 / SLOWEST` of it where it is quick."""
AGES_TRIED = 24
"""Of a cause whose work travels with the water, between the youngest and the oldest its alarms allow."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Ages of the points of one question.

    Attributes
    ----------
    age_s
        Since when each alarm is open, NaN = unknown; of silent points NaN; shape (points,).
    arrival_s
        Time of travel from the sources to each point, shape (points,).
    arrival_at
        The same by number of the dominator tree.
    """

    age_s: Floats
    arrival_s: Floats
    arrival_at: Floats

    def fits(self, number: int, by_water: bool, mine: NDArray[np.bool_], rang: int, stray: float) -> tuple[Floats, float]:
        """Tell how likely the failure of a place has reached each point by now, 0 to 1, and its age.

        1. An alarm rang between "at once" and "when the slowest water had come" after the cause; where only the water brings it
           (`by_water`), not before the quickest.
        2. The age of the cause is the one that fits most of its alarms; of several the youngest.
        3. Where only the water brings it, a station counts as much as it is likely that the water has come to it: between the
           quickest and the slowest every arrival is as likely, and the cause is as old as makes what rang and what is silent
           most likely. A silent station nearer to the source than those that rang speaks against it, one far off hardly.

        Parameters
        ----------
        number
            Of the place, in the tree; -1 = anywhere.
        mine
            The points that the cause concerns, shape (points,).
        rang
            The first so many points are alarms.
        stray
            Share of stations that ring for no shared reason.
        """
        since = self.arrival_at[number] if number >= 0 else 0.0
        travel = np.where(np.isfinite(self.arrival_s), np.maximum(self.arrival_s - since, 0.0), 0.0)
        latest = SLOWEST * travel + TOLERANCE_S
        soonest = (travel / SLOWEST if by_water else 0.0 * travel) - TOLERANCE_S
        known = mine & np.isfinite(self.age_s)
        fits = mine.astype(np.float64)
        if not known.any():
            return fits, float("nan")
        age_s = _most_common(self.age_s[known] + soonest[known], self.age_s[known] + latest[known])
        if by_water:
            fits, age_s = self._come_by(mine, rang, stray, youngest_s=age_s, soonest=soonest, latest=latest)
        else:
            late = age_s - self.age_s
            fits[known] = ((late >= soonest - 1e-6) & (late <= latest + 1e-6))[known]
        return fits, float(max(age_s, self.age_s[known & (fits > 0.0)].max(initial=0.0)))

    def _come_by(
        self, mine: NDArray[np.bool_], rang: int, stray: float, *, youngest_s: float, soonest: Floats, latest: Floats
    ) -> tuple[Floats, float]:
        """Return how likely the water has come to each point, and the age that makes this most likely."""
        quickest = soonest + TOLERANCE_S
        known = mine & np.isfinite(self.age_s)
        oldest_s = float((self.age_s + latest)[known].max())
        best: tuple[float, Floats, float] | None = None
        for age_s in np.linspace(max(youngest_s, 0.0), oldest_s, AGES_TRIED):
            late = age_s - self.age_s
            come = np.where(mine, np.clip((age_s - quickest) / (latest - quickest), 0.0, 1.0), 0.0)
            come[known & ((late < soonest - 1e-6) | (late > latest + 1e-6))] = 0.0
            score = np.log1p(come[:rang] * (1.0 - stray) / stray).sum() + np.log1p(-LARGEST_RATE * come[rang:]).sum()
            if best is None or score > best[0]:
                best = float(score), come, float(age_s)
        assert best is not None
        return best[1], best[2]


def _most_common(lowest: Floats, highest: Floats) -> float:
    """Return the smallest number that lies in most of some intervals."""
    at = np.concatenate([lowest, highest])
    step = np.concatenate([np.ones(len(lowest)), -np.ones(len(highest))])
    order = np.lexsort((-step, at))  # at one place intervals open before others close
    return float(at[order][np.argmax(np.cumsum(step[order]))])


def arrival_times(network: Network) -> Floats:
    """Return the time of travel from the running sources to each node in seconds; inf where nothing is fed.

    Notes
    -----
    Length by velocity along the fastest open way, on each side for itself. Cost: 0.3 s for a city of 300,000 nodes (scipy).
    """
    edges = network.edges
    root = network.node_count
    u = np.where(edges.kind == SOURCE, root, edges.u)
    works = np.ones(len(edges.kind), bool)
    works[edges.pipe_count :] = network.state.fed.passes | (edges.kind[edges.pipe_count :] == EXCHANGER)
    used = works & (edges.state != CLOSED)
    seconds = np.full(len(u), 1e-3)
    pipe = edges.kind == PIPE
    velocity = np.where(_is_secondary(network), SECONDARY_M_PER_S, PRIMARY_M_PER_S)
    seconds[pipe] = np.maximum(network.assets.length_m[edges.row[pipe]] / velocity[pipe], 1e-3)
    a, b = np.minimum(u, edges.v)[used], np.maximum(u, edges.v)[used]
    order = np.lexsort((seconds[used], b, a))
    a, b, way = a[order], b[order], seconds[used][order]
    first = np.ones(len(a), bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])  # of parallel pipes the quickest; a sparse matrix would add them up
    graph = coo_array((way[first], (a[first], b[first])), shape=(root + 1, root + 1)).tocsr()
    found: Floats = dijkstra(graph, directed=False, indices=root)[:root]
    return found


def _is_secondary(network: Network) -> NDArray[np.bool_]:
    """Tell for every edge whether it lies behind an exchanger."""
    links, segments = network.state.links, network.segments
    behind = np.zeros(len(network.state.fed.zone_fed) + 1, bool)
    exchanger = links.kind == EXCHANGER
    behind[network.state.fed.zone[links.b[exchanger]]] = True
    node = np.where(network.edges.u >= 0, network.edges.u, network.edges.v)
    found: NDArray[np.bool_] = behind[network.state.fed.zone[segments.of_node[node]]]
    return found
