"""Names of candidates for people: ids, trench lengths and positions of places, prepared once a valve state."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from topology.assets import KIND_CODE
from topology.causes.footprints import BoundFootprints
from topology.causes.places import Places
from topology.codes import SUPPLY
from topology.network import Network

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]

_KINDS = ("segment", "source", "substation", "pump")


class Labels:
    """Turns places into ids.

    Parameters
    ----------
    network, places, prints
        One valve state.
    """

    def __init__(self, network: Network, places: Places, prints: BoundFootprints) -> None:
        assets, edges, segments = network.assets, network.edges, network.segments
        count = len(places.element)
        segment = places.element - 1
        is_segment = segment < segments.count
        device = np.concatenate([network.state.links.row[segment[~is_segment] - segments.count], prints.apart_row])
        self._kind = np.full(count + len(prints.apart_row), _KINDS.index("pump"), np.uint8)
        self._kind[count:][assets.kind[prints.apart_row] != KIND_CODE["relay_pump_station"]] = _KINDS.index("source")
        self._kind[:count] = np.where(is_segment, 0, np.where(places.is_source, 1, 2))
        self._row = np.full(len(self._kind), -1, np.int32)
        self._row[self._kind > 0] = device
        self._id = np.zeros(len(self._kind), np.int64)
        self._id[self._kind > 0] = assets.asset_id[device]
        self._id[self._kind == 0] = segments.segment_id[segment[is_segment]]
        of_pipe = segments.of_node[edges.u[: edges.pipe_count]]
        order = np.argsort(of_pipe, kind="stable")
        self._pipe_row = edges.row[order]
        self._pipe_start = np.searchsorted(of_pipe[order], np.arange(segments.count + 1))
        self._segment = np.where(self._kind == 0, np.append(segment, np.full(len(prints.apart_row), -1)), -1)
        length, on_supply = assets.length_m[self._pipe_row], edges.side[order] == SUPPLY
        of_segment = of_pipe[order]
        self._metres = np.stack([np.bincount(of_segment, length * each, segments.count) for each in (on_supply, ~on_supply)])
        self._assets = assets

    def kind(self, place: int) -> str:
        """Return `segment`, `source`, `substation` or `pump`."""
        return _KINDS[self._kind[place]]

    def ids(self, group: IntArray) -> tuple[int, ...]:
        """Return segment ids, and asset ids of what is no segment; rising."""
        return tuple(np.sort(self._id[group]).tolist())

    def members(self, group: IntArray) -> tuple[tuple[int, ...], tuple[int, ...], float]:
        """Return segment ids in their order, asset ids, and the trench length in m of a group of distinct places."""
        is_segment = self._kind[group] == 0
        segment = self._segment[group[is_segment]]
        rows = self._pipe_row[_ranges(self._pipe_start[segment], self._pipe_start[segment + 1])]
        ids = np.concatenate([self._assets.asset_id[rows], self._id[group[~is_segment]]])
        length_m = float(self._metres[:, segment].sum(axis=1).max())
        return tuple(self._id[group[is_segment]].tolist()), tuple(np.unique(ids).tolist()), length_m

    def position(self, place: int) -> tuple[float, float] | None:
        """Return longitude and latitude of the asset in the middle of a place; None where unknown."""
        assets, segment = self._assets, self._segment[place]
        own = self._pipe_row[self._pipe_start[segment] : self._pipe_start[segment + 1]] if segment >= 0 else self._row[[place]]
        known = own[np.isfinite(assets.lon[own]) & np.isfinite(assets.lat[own])]
        if not len(known):
            return None
        lon, lat = assets.lon[known], assets.lat[known]
        near = int(np.argmin(np.hypot(lon - lon.mean(), lat - lat.mean())))
        return float(lon[near]), float(lat[near])


def metres_apart(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float:
    """Return how far two positions lie apart as the crow flies; NaN = unknown."""
    if a is None or b is None:
        return math.nan
    along = math.radians(b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2.0))
    return 6_371_000.0 * math.hypot(along, math.radians(b[1] - a[1]))


def _ranges(start: NDArray[np.intp], end: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the numbers of several ranges, one after the other."""
    size = end - start
    return np.repeat(start - np.cumsum(size) + size, size) + np.arange(size.sum())
