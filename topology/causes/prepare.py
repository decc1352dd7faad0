"""Prepares hydraulic footprints: every segment of a zone shut and burst in turn, every source and relay pump stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from topology.causes.footprints import BURST_SHARES, FALL_SHARES, LEVELS, Footprints, code_of, joined, make_footprints
from topology.causes.physics import ZoneModel
from topology.causes.quick import QuickZone
from topology.codes import SUPPLY
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Zone, map_zones
from topology.network import Network

Floats = NDArray[np.float64]
Row = tuple[str, float, list[int], NDArray[np.int64], NDArray[np.int64]]

_METHOD = "2"
"""Part of every fingerprint: footprints of another method are not taken over."""


@dataclass(frozen=True, slots=True)
class AlarmLimit:
    """When a station rings for want of pressure, and how well its differential is foreseen.

    Attributes
    ----------
    share_of_normal, least_mpa
        It rings below this share of its usual differential, and in any case below the least one.
    spread_mpa, spread_share
        Standard deviation of what is foreseen: a fixed part, and a share of the fall.
    """

    share_of_normal: float = 0.5
    least_mpa: float = 0.05
    spread_mpa: float = 0.004
    spread_share: float = 0.04

    def of(self, normal_mpa: Floats) -> Floats:
        """Return the limit of each station."""
        return np.maximum(self.share_of_normal * normal_mpa, self.least_mpa)

    def chance(self, normal_mpa: Floats, now_mpa: Floats) -> Floats:
        """Return how likely each station rings."""
        spread = self.spread_mpa + self.spread_share * np.abs(normal_mpa - now_mpa)
        found: Floats = ndtr((self.of(normal_mpa) - now_mpa) / spread)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Footprints of a network in one state.

    Attributes
    ----------
    by_zone
        Footprints by the fingerprint of the zone: one that has not changed is not solved again.
    skipped
        Sources whose zone has none: no station, no solution, or pressures that cannot be.
    """

    by_zone: Mapping[str, Footprints]
    skipped: tuple[int, ...]

    @property
    def footprints(self) -> Footprints:
        """All of them."""
        return joined([self.by_zone[key] for key in sorted(self.by_zone)])


def prepare_footprints(
    network: Network,
    tables: HydraulicTables,
    *,
    known: Mapping[str, Footprints] | None = None,
    limit: AlarmLimit = AlarmLimit(),
    progress: Callable[[float], None] | None = None,
) -> Prepared:
    """Prepare the footprints of all zones of a network.

    Parameters
    ----------
    network
        At the valve state that is asked about.
    tables
        Sizes of the same city.
    known
        Footprints of an earlier state by fingerprint; zones found there are taken over.
    limit
        When a station rings.
    progress
        Told the share of the zones that is done.

    Notes
    -----
    Cost: docs/causes.md; a matter of minutes for a city, so do it in the background.
    """
    zones = map_zones(network, tables)
    segment_of = _segments_of_pipes(network)
    holders = zones.holders()
    by_zone: dict[str, Footprints] = {}
    skipped = []
    for number, source_id in enumerate(holders):
        zone = zones.cut(source_id)
        key = fingerprint(zone, limit)
        found = (known or {}).get(key)
        if found is None:
            found = zone_footprints(network, zone, limit, segment_of)
        if found is None:
            skipped.append(source_id)
        else:
            by_zone[key] = found
        if progress is not None:
            progress((number + 1) / len(holders))
    return Prepared(by_zone, tuple(skipped))


def fingerprint(zone: Zone, limit: AlarmLimit) -> str:
    """Return a digest of everything that the footprints of a zone depend on."""
    digest = hashlib.blake2b(f"{_METHOD} {limit!r}".encode(), digest_size=16)
    for each in fields(zone):
        value = getattr(zone, each.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()


def zone_footprints(
    network: Network, zone: Zone, limit: AlarmLimit = AlarmLimit(), segment_of: NDArray[np.int32] | None = None
) -> Footprints | None:
    """Return the footprints of one zone; None where its state cannot be (see `ZoneModel.usable`)."""
    model = ZoneModel(zone)
    if not model.usable:
        return None
    of = _segments_of_pipes(network) if segment_of is None else segment_of
    return make_footprints(list(_rows(network, zone, QuickZone(model), limit, of)))


def _rows(network: Network, zone: Zone, quick: QuickZone, limit: AlarmLimit, segment_of: NDArray[np.int32]) -> Iterator[Row]:
    total = float(quick.model.station_kg_per_s.sum())
    for pipes, members in _trenches(network, zone, segment_of):
        yield from _row(("shut", 0.0, members), quick, quick.shut(pipes), limit)
        yield from _burst_row(("burst", total, members), quick, _widest(zone, pipes), limit)
    for place, source_id in enumerate(zone.feed_id.tolist()):
        if len(zone.feed_id) == 1:
            yield ("source_stopped", 0.0, [source_id], zone.station_id, np.full(len(zone.station_id), len(LEVELS) - 1))
        else:
            yield from _row(("source_stopped", 0.0, [source_id]), quick, quick.stopped(place), limit)
    for station_id in np.unique(zone.lift_id).tolist():
        yield from _row(("pump_stopped", 0.0, [station_id]), quick, quick.without_lift(station_id), limit)


def _row(what: tuple[str, float, list[int]], quick: QuickZone, now: Floats | None, limit: AlarmLimit) -> Iterator[Row]:
    """Yield the row of a failure: hypothesis, size and members with who feels it; nothing where nobody does."""
    if now is not None:
        now = quick.normal_mpa - FALL_SHARES[:, None] * (quick.normal_mpa - now)
        yield from _felt(what, quick, code_of(limit.chance(quick.normal_mpa, now).T))


def _burst_row(what: tuple[str, float, list[int]], quick: QuickZone, pipe: int, limit: AlarmLimit) -> Iterator[Row]:
    """Yield the row of a burst of all sizes; sizes without a solution are taken to be like the largest that has one."""
    now = quick.burst(pipe, BURST_SHARES * what[1])
    solved = np.flatnonzero(np.isfinite(now).all(axis=1))
    if len(solved):
        now[solved[-1] + 1 :] = now[solved[-1]]
        yield from _felt(what, quick, code_of(limit.chance(quick.normal_mpa, now).T))


def _widest(zone: Zone, pipes: list[int]) -> int:
    """Return the middle one of the widest pipes: a burst of a narrow branch looks like a smaller one of the pipe it hangs on."""
    diameter = zone.pipe_diameter_mm[pipes]
    widest = np.flatnonzero(diameter >= diameter.max() - 1.0)
    return pipes[int(widest[len(widest) // 2])]


def _felt(what: tuple[str, float, list[int]], quick: QuickZone, code: NDArray[np.int64]) -> Iterator[Row]:
    felt = np.flatnonzero(code >= 0)
    if len(felt):
        yield *what, quick.model.zone.station_id[felt], code[felt]


def _segments_of_pipes(network: Network) -> NDArray[np.int32]:
    """Return the segment of the pipe of each asset row; -1 = no pipe."""
    edges = network.edges
    found = np.full(len(network.assets.asset_id), -1, np.int32)
    found[edges.row[: edges.pipe_count]] = network.segments.of_node[edges.u[: edges.pipe_count]]
    return found


def _trenches(network: Network, zone: Zone, segment_of: NDArray[np.int32]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the pipes of each segment, as places in the zone, and the ids of the segments that feel alike: it and its twin.

    Shutting the supply takes from the differential what shutting the return takes, so only the supply is solved where both are
    there.
    """
    row = network.assets.rows_of(zone.pipe_id)
    segment = segment_of[row]
    supply = zone.node_side[zone.pipe_u] == SUPPLY
    twins = _twins(network, segment[supply])
    seen: set[int] = set()
    for one_side in (supply, ~supply):
        place = np.flatnonzero(one_side)
        place = place[np.argsort(segment[place], kind="stable")]
        for pipes in np.split(place, np.flatnonzero(np.diff(segment[place])) + 1):
            number = int(segment[pipes[0]]) if len(pipes) else -1
            if number < 0 or number in seen:
                continue
            both = [number, *twins.get(number, ())]
            seen.update(both)
            yield pipes.tolist(), [int(network.segments.segment_id[each]) for each in both]


def _twins(network: Network, segments: NDArray[np.int32]) -> dict[int, list[int]]:
    """Return the segments of the other side that hold most of the twins of each segment's pipes."""
    edges = network.edges
    pipe = np.flatnonzero(edges.pair[: edges.pipe_count] >= 0)
    mine = network.segments.of_node[edges.u[pipe]]
    pipe, mine = pipe[np.isin(mine, segments)], mine[np.isin(mine, segments)]
    other = network.segments.of_node[edges.u[edges.pair[pipe]]]
    pairs, count = np.unique(np.stack([mine, other]), axis=1, return_counts=True)
    best: dict[int, tuple[int, int]] = {}
    for (a, b), size in zip(pairs.T.tolist(), count.tolist(), strict=True):
        if size > best.get(a, (0, 0))[0]:
            best[a] = (size, b)
    return {a: [b] for a, (_, b) in best.items()}
