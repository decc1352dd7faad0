"""Fast hydraulics on a city: every segment of the largest zone shut in turn, leaks located in simulated readings.

`measure` is called by `benchmarks.trace`. The truth of a leak trial comes from the full solver with hidden roughness and demands,
never from the linear model; docs/leaks.md says what each field means.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from topology.codes import OPEN, SOURCE
from topology.errors import NotSolvable
from topology.flow.friction import Floats
from topology.flow.n_minus_one import Case, make_case, n_minus_one
from topology.flow.solver import FlowSolver, Leak
from topology.hydraulics import pandapipes_net
from topology.hydraulics.solve import Operation
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Zone, cut_zone
from topology.leaks.locate import USUAL, LeakSearch, locate, prepare
from topology.leaks.signatures import Errors, metered_nodes
from topology.leaks.zone import in_metres, pipe_ends
from topology.network import Network

TRIALS = 200
SMALL_TRIALS = 40
_ONCE_EVERY = 5
"""Of so many trials one is also answered from a single reading."""
METERED = 0.30
_NEAR_M = 100.0
_READINGS, _READINGS_BEFORE = 60, 420
"""Readings of an hour, a minute apart; of the same hour on seven days before."""
_LARGE, _SMALL = (0.03, 0.10), (0.01, 0.03)
_SANE_MPA = 2.5
_SEED = 5


@dataclass(frozen=True, eq=False)
class _Ground:
    """A zone that leaks: how it is run, and where its pipes lie."""

    case: Case
    ends_m: Floats


def measure(network: Network, tables: HydraulicTables) -> dict[str, Any]:
    """Return the figures of this room."""
    zones = _zones(network, tables)
    largest = max(zones, key=lambda zone: len(zone.station_id))
    figures = _n_minus_one(network, largest) | _against_pandapipes(largest)
    grounds = [_Ground(case, in_metres(pipe_ends(network, zone))) for zone in zones if _is_sane(case := _case(zone))]
    return figures | {"leak_zones": len(grounds)} | leaks(grounds)


def leaks(grounds: list[_Ground], *, trials: int = TRIALS, small_trials: int = SMALL_TRIALS) -> dict[str, Any]:
    """Locate simulated leaks: from an hour of readings and those of days before, and from one reading alone."""
    if not grounds:
        return {"leak_within_100m": None, "leak_median_m": None}
    figures: dict[str, Any] = {}
    for name, size, count in (("leak", _LARGE, trials), ("leak_small", _SMALL, small_trials)):
        if not count:
            continue
        rng = np.random.default_rng(_SEED)
        weight = np.array([ground.case.zone.pipe_length_m.sum() for ground in grounds])
        chosen = rng.choice(len(grounds), count, p=weight / weight.sum())
        found = np.array([_trial(grounds[ground], size, rng, once=n % _ONCE_EVERY == 0) for n, ground in enumerate(chosen)])
        for column, kind in enumerate(("", "_once")):
            off = found[np.isfinite(found[:, column]), column]
            figures[f"{name}{kind}_within_100m"] = round(float((off <= _NEAR_M).mean()), 3)
            figures[f"{name}{kind}_median_m"] = round(float(np.median(off)))
        figures[f"{name}_side_right"] = round(float(found[:, 2].mean()), 3)
        figures[f"{name}_radius_holds"] = round(float(found[:, 3].mean()), 3)
    return figures


def _zones(network: Network, tables: HydraulicTables) -> list[Zone]:
    """Return the zones of all running sources, each once, that of a plant under the plant's name."""
    edges = network.edges
    running = (edges.kind == SOURCE) & (edges.state == OPEN)
    ids = np.unique(network.assets.asset_id[edges.row[running]]).tolist()
    power = tables.sources.set_index("asset_id")["design_power_mw"]
    zones, seen = [], set()
    for source_id in sorted(ids, key=lambda each: -float(np.nan_to_num(power.get(each, 0.0)))):
        if source_id in seen:
            continue
        try:
            zone = cut_zone(network, tables, int(source_id))
        except NotSolvable:
            continue
        seen |= set(zone.feed_id.tolist())
        if len(zone.station_id):
            zones.append(zone)
    return zones


def _case(zone: Zone) -> Case:
    operation = Operation()
    degc = (operation.supply_degc, operation.return_degc)
    water = pandapipes_net.water_at(*degc)
    per_mw = 1e6 / (water.heat_capacity_j_per_kg_k * (degc[0] - degc[1]))
    solver = FlowSolver(zone, roughness_mm=operation.roughness_mm, local_share=operation.local_share, temperature_degc=degc)
    return make_case(zone, solver, station_kg_per_s=zone.station_load_mw * per_mw, feed_kg_per_s=zone.feed_load_mw * per_mw)


def _is_sane(case: Case) -> bool:
    """Tell whether the zone could be run so: in a city with dirt some mains are cut and the rest carries what it cannot."""
    return case.solved.converged and case.held_mpa <= _SANE_MPA and len(case.zone.station_id) >= 10


def _n_minus_one(network: Network, zone: Zone) -> dict[str, Any]:
    case = _case(zone)
    started = time.perf_counter()
    outages = n_minus_one(network, case)
    return {
        "n1_all_segments_s": round(time.perf_counter() - started, 2),
        "n1_segments": len(outages.segment_id),
        "n1_stations": len(zone.station_id),
        "n1_short_segments": int((outages.stations_short > 0).sum()),
        "n1_unsolved": int((~outages.converged).sum()),
    }


def _against_pandapipes(zone: Zone) -> dict[str, Any]:
    case, operation = _case(zone), Operation()

    def ours() -> pandapipes_net.Solved:
        return case.solver.solve(case.station_kg_per_s, case.feed_kg_per_s)

    def theirs() -> pandapipes_net.Solved:
        return pandapipes_net.solve(
            zone,
            station_kg_per_s=case.station_kg_per_s,
            feed_kg_per_s=case.feed_kg_per_s,
            temperature_degc=(operation.supply_degc, operation.return_degc),
            roughness_mm=operation.roughness_mm,
            local_share=operation.local_share,
        )

    own, other = _median_s(ours, 21), _median_s(theirs, 3)
    apart = np.abs(ours().pressure_mpa - theirs().pressure_mpa).max()
    return {
        "flow_solve_ms": round(1e3 * own, 2),
        "ratio_pandapipes": round(other / own),
        "flow_difference_mpa": float(f"{apart:.1e}"),
    }


def _median_s(call: Any, times: int) -> float:
    call()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def _trial(
    ground: _Ground, size: tuple[float, float], rng: np.random.Generator, *, once: bool
) -> tuple[float, float, float, float]:
    """Let a random place leak; return how far off it is placed from many readings and from one, side right, radius right.

    Without `once` the second is not a number.
    """
    case, errors = ground.case, USUAL
    zone, stations = case.zone, len(case.zone.station_id)
    metered = np.sort(rng.choice(stations, max(3, round(METERED * stations)), replace=False))
    search = prepare(case.solver, case.station_kg_per_s, case.feed_kg_per_s, metered=metered, ends_m=ground.ends_m)
    pipe = int(rng.choice(len(zone.pipe_id), p=zone.pipe_length_m / zone.pipe_length_m.sum()))
    leak = Leak(pipe, float(rng.uniform()), float(case.station_kg_per_s.sum() * rng.uniform(*size)))
    before, after = _truth(case, metered, leak, rng)
    make_up = leak.kg_per_s * (1.0 + errors.make_up_share * rng.standard_normal())
    noise = errors.reading_mpa * rng.standard_normal((3, len(after)))
    many = locate(
        search,
        after + noise[0] / np.sqrt(_READINGS),
        make_up,
        before_mpa=before + noise[1] / np.sqrt(_READINGS_BEFORE),
        samples=_READINGS,
        samples_before=_READINGS_BEFORE,
    )
    single = locate(search, after + noise[2], make_up) if once else None
    ends = ground.ends_m[pipe]
    place = (1.0 - leak.share) * ends[:2] + leak.share * ends[2:]
    off = [float("nan") if each is None else _off(search, each.best, place) for each in (many, single)]
    named = zone.node_side[zone.pipe_u[search.pieces.pipe[many.best]]]
    return off[0], off[1], float(named == zone.node_side[zone.pipe_u[pipe]]), float(off[0] <= many.within_m)


def _truth(case: Case, metered: Any, leak: Leak, rng: np.random.Generator, errors: Errors = USUAL) -> tuple[Floats, Floats]:
    """Return what the metered stations have before and with the leak: hidden roughness and demands, which change a little."""
    zone, operation = case.zone, Operation()
    stations = len(zone.station_id)
    roughness = operation.roughness_mm * np.exp(errors.roughness_share * rng.standard_normal(len(zone.pipe_id)))
    degc = (operation.supply_degc, operation.return_degc)
    hidden = FlowSolver(zone, roughness_mm=roughness, local_share=operation.local_share, temperature_degc=degc)
    demand = case.station_kg_per_s * (1.0 + errors.demand_share * rng.standard_normal(stations))
    nodes = metered_nodes(zone, metered)
    pressures = []
    for each in (None, leak):
        now = demand * (1.0 + errors.change_share * rng.standard_normal(stations))
        pressures.append(hidden.solve(now, case.feed_kg_per_s, leak=each).pressure_mpa[nodes])
    return pressures[0], pressures[1]


def _off(search: LeakSearch, piece: int, place: Floats) -> float:
    return float(np.hypot(*(search.middle_m[piece] - place)))
