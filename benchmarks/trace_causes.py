"""Draws faults in the zones of a city, solves the network, lets stations ring, and asks for the cause.

    python -m benchmarks.trace_causes CITY.pkl      # a pickle of (NetworkTables, HydraulicTables); else `make bench-trace`

What fails is drawn and solved by `topology.causes.physics` with pipes and loads that the search does not know: roughness of each
pipe 20 % off, load of each station 5 % off, gauges 0.002 MPa. A station rings when its differential falls under `AlarmLimit`:
half of its own usual one, and in any case under 0.05 MPa. 80 % of the stations have a sensor; of those in the whole city 0.5 %
ring for nothing.

A fault: a segment shut on one side (half of them), a burst of 10 to 40 % of the zone's flow in one pipe (three in ten), a source
stopped. Only zones that can be (`ZoneModel.usable`) are drawn from. A fault that fewer than `LEAST_FELT` stations with a sensor
feel is drawn again and counted: one alarm cannot be told from a stray one.

| field | meaning |
|---|---|
| root_cause_right_1 | one fault: the true segment (source) is in the group of the first cause |
| root_cause_right_3 | three faults in one zone or several: runs in which each is in the group of one of the causes |
| root_cause_right_3_each | the same, counted by fault |
| root_cause_right_half | one fault, each true alarm rings by a chance of one half |
| root_cause_tied_1 | one fault: the true one has the same stations and so the same score as the first, or is the first |
| root_cause_invented | causes named in the one-fault runs beyond the first, per run |
| root_cause_group, root_cause_group_m | one fault: median number of trenches, and metres of trench, that cannot be told apart |
| root_cause_group_share | the same as share of the zone's trench length, median |
| root_cause_right_shut, _burst, _source | one fault, by kind |
| root_cause_ms_p50 | 1,000 alarms of the whole city, all stations measured, median of 50 |
| root_cause_ms_one | one fault with stray alarms, as in root_cause_right_1, median |
| root_cause_prepare_s, root_cause_prepare_cpu_s | footprints of all zones, once a valve state, in the background |
| root_cause_zones, root_cause_stations | zones drawn from, and their stations |
| root_cause_unfelt, root_cause_few | faults drawn again: nobody feels them; fewer than LEAST_FELT do |
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology.causes.physics import Failure, ZoneModel, together
from topology.causes.prepare import AlarmLimit, Prepared, prepare_footprints
from topology.causes.root_cause import Cause, CauseEngine
from topology.codes import SUPPLY
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Zone, map_zones
from topology.network import Network, build_network

RUNS = 60
"""A share of 0.95 out of so many has a standard error of 0.03, one of 0.7 of 0.06."""
METERED = 0.8
STRAY = 0.005
LEAST_FELT = 5
ROUGHNESS_SPREAD = 0.2
LOAD_SPREAD = 0.05
GAUGE_MPA = 0.002
_KINDS = (("shut", 0.5), ("burst", 0.3), ("source", 0.2))
_TRIES = 400


@dataclass(frozen=True, eq=False)
class _Fault:
    """What truly failed: kind, the zone, the segment id or source id, the failure in the zone's numbers."""

    kind: str
    zone: int
    asset_id: int
    failure: Failure


@dataclass(eq=False)
class _City:
    """Everything the draws need."""

    network: Network
    engine: CauseEngine
    zones: list[Zone]
    segment_id: list[NDArray[np.int64]]
    metered: NDArray[np.bool_]
    station_ids: NDArray[np.int64]
    limit: AlarmLimit
    rng: np.random.Generator
    again: Counter[str] = field(default_factory=Counter)


def measure(
    network: Network, tables: HydraulicTables, *, runs: int = RUNS, seed: int = 1, prepared: Prepared | None = None
) -> dict[str, Any]:
    """Return the figures of the module's table; footprints that are given are not prepared again."""
    started, started_cpu = time.perf_counter(), time.process_time()
    prepared = prepared or prepare_footprints(network, tables, progress=lambda share: _say(f"footprints {share:.0%}"))
    prepare_s, prepare_cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    city = _city(network, tables, prepared, seed)
    one = [_run(city, 1, 1.0) for _ in range(runs)]
    again = dict(city.again)
    three = [_run(city, 3, 1.0) for _ in range(runs)]
    half = [_run(city, 1, 0.5) for _ in range(runs)]
    return {
        "root_cause_right_1": _mean(each.right[0] for each in one),
        "root_cause_right_3": _mean(all(each.right) for each in three),
        "root_cause_right_3_each": _mean(right for each in three for right in each.right),
        "root_cause_right_half": _mean(each.right[0] for each in half),
        "root_cause_tied_1": _mean(each.tied for each in one),
        "root_cause_invented": _mean(max(0, each.causes - 1) for each in one),
        "root_cause_group": median(each.group for each in one if each.causes),
        "root_cause_group_m": round(median(each.metres for each in one if each.causes)),
        "root_cause_group_share": round(median(each.share for each in one if each.causes), 4),
        **{f"root_cause_right_{kind}": _mean(each.right[0] for each in one if each.kind == kind) for kind, _ in _KINDS},
        **{f"root_cause_group_m_{kind}": _middle(each.metres for each in one if each.kind == kind) for kind, _ in _KINDS},
        "root_cause_ms_p50": _time(city),
        "root_cause_ms_one": round(1000.0 * median(each.took_s for each in one), 2),
        "root_cause_prepare_s": round(prepare_s, 1),
        "root_cause_prepare_cpu_s": round(prepare_cpu_s, 1),
        "root_cause_zones": len(city.zones),
        "root_cause_stations": sum(len(zone.station_id) for zone in city.zones),
        "root_cause_unfelt": again.get("unfelt", 0),
        "root_cause_few": again.get("few", 0),
    }


def _city(network: Network, tables: HydraulicTables, prepared: Prepared, seed: int) -> _City:
    mapped = map_zones(network, tables)
    zones = [mapped.cut(source_id) for source_id in mapped.holders() if source_id not in prepared.skipped]
    rng = np.random.default_rng(seed)
    stations = np.unique(network.assets.asset_id[network.state.links.row[network.state.fed.works]]).astype(np.int64)
    edges = network.edges
    of_row = np.zeros(len(network.assets.asset_id), np.int64)
    pipe = slice(0, edges.pipe_count)
    of_row[edges.row[pipe]] = network.segments.segment_id[network.segments.of_node[edges.u[pipe]]]
    return _City(
        network=network,
        engine=CauseEngine(network, prepared.footprints),
        zones=zones,
        segment_id=[of_row[network.assets.rows_of(zone.pipe_id)] for zone in zones],
        metered=rng.random(len(stations)) < METERED,
        station_ids=stations,
        limit=AlarmLimit(),
        rng=rng,
    )


# ------------------------------------------------------------ faults


def _draw(city: _City) -> _Fault:
    """Draw a fault: every trench of every zone is as likely as any other, so is every source."""
    rng = city.rng
    weight = np.array([len(ids) for ids in city.segment_id], float)
    place = int(rng.choice(len(city.zones), p=weight / weight.sum()))
    zone, ids = city.zones[place], city.segment_id[place]
    kind = str(rng.choice([name for name, _ in _KINDS], p=[share for _, share in _KINDS]))
    if kind == "source":
        feed = int(rng.integers(len(zone.feed_id)))
        return _Fault(kind, place, int(zone.feed_id[feed]), Failure(stopped_feeds=(feed,)))
    segment = int(rng.choice(np.unique(ids)))
    pipes = np.flatnonzero(ids == segment)
    if kind == "shut":
        return _Fault(kind, place, segment, Failure(removed_pipes=tuple(pipes.tolist())))
    water = ZoneModel(zone).station_kg_per_s.sum()
    size = float(np.exp(rng.uniform(np.log(0.15), np.log(0.8)))) * float(water)
    return _Fault(kind, place, segment, Failure(leak_pipe=int(rng.choice(pipes)), leak_kg_per_s=size))


def _true_model(city: _City, place: int) -> ZoneModel:
    """Return the zone as it really is."""
    zone, rng = city.zones[place], city.rng
    rough = 0.5 * np.exp(rng.normal(0.0, ROUGHNESS_SPREAD, len(zone.pipe_id)))
    load = np.maximum(1.0 + rng.normal(0.0, LOAD_SPREAD, len(zone.station_id)), 0.5)
    return ZoneModel(zone, roughness_mm=rough, load_share=load)


def _rings(city: _City, model: ZoneModel, failure: Failure) -> NDArray[np.int64]:
    """Return the stations with a sensor that ring."""
    if len(failure.stopped_feeds) == len(model.zone.feed_id):
        now: NDArray[np.float64] | None = np.full(len(model.zone.station_id), -1.0)
    else:
        now = model.differential_mpa(failure)
    if now is None:
        return np.zeros(0, np.int64)
    short = now + city.rng.normal(0.0, GAUGE_MPA, len(now)) < city.limit.of(model.normal_mpa)
    found: NDArray[np.int64] = np.intersect1d(model.zone.station_id[short], city.station_ids[city.metered])
    return found


def _felt(city: _City) -> tuple[_Fault, ZoneModel, NDArray[np.int64]]:
    """Draw until enough stations feel it."""
    for _ in range(_TRIES):
        fault = _draw(city)
        model = _true_model(city, fault.zone)
        rings = _rings(city, model, fault.failure)
        if len(rings) >= LEAST_FELT:
            return fault, model, rings
        city.again["few" if len(rings) else "unfelt"] += 1
    raise RuntimeError(f"none of {_TRIES} faults was felt by {LEAST_FELT} stations; the city has too few rings or stations")


# ------------------------------------------------------------ runs


@dataclass(frozen=True)
class _Outcome:
    """How one run went."""

    kind: str
    right: tuple[bool, ...]
    tied: bool
    causes: int
    group: int
    metres: float
    share: float
    took_s: float


def _run(city: _City, faults: int, hit: float) -> _Outcome:
    drawn = [_felt(city) for _ in range(faults)]
    rings = _together(city, drawn)
    rang = rings[city.rng.random(len(rings)) < hit]
    strays = city.station_ids[city.metered & (city.rng.random(len(city.station_ids)) < STRAY)]
    alarmed = np.union1d(rang, strays)
    silent = np.setdiff1d(city.station_ids[city.metered], alarmed)
    started = time.perf_counter()
    causes = city.engine.root_cause(alarmed, silent)
    took_s = time.perf_counter() - started
    answers = causes[:1] if faults == 1 else causes
    right = tuple(any(_names(cause, fault) for cause in answers) for fault, _, _ in drawn)
    first = causes[0] if causes else None
    zone = city.zones[drawn[0][0].zone]
    trench = zone.pipe_length_m[zone.node_side[zone.pipe_u] == SUPPLY].sum()
    return _Outcome(
        kind=drawn[0][0].kind,
        right=right,
        tied=first is not None and drawn[0][0].asset_id in first.tied_ids,
        causes=len(causes),
        group=0 if first is None else len(first.segment_ids) // 2 + len(first.segment_ids) % 2,
        metres=0.0 if first is None else first.length_m,
        share=0.0 if first is None else first.length_m / trench,
        took_s=took_s,
    )


def _together(city: _City, drawn: list[tuple[_Fault, ZoneModel, NDArray[np.int64]]]) -> NDArray[np.int64]:
    """Return who rings when all faults are there at once: those of one zone are solved together."""
    rings = [np.zeros(0, np.int64)]
    for place in {fault.zone for fault, _, _ in drawn}:
        mine = [(fault, model, found) for fault, model, found in drawn if fault.zone == place]
        bursts = [fault for fault, _, _ in mine if fault.kind == "burst"]
        if len(mine) == 1 or len(bursts) > 1:
            rings += [found for _, _, found in mine]
        else:
            rings.append(_rings(city, mine[0][1], together(tuple(fault.failure for fault, _, _ in mine))))
    return np.unique(np.concatenate(rings))


def _names(cause: Cause, fault: _Fault) -> bool:
    return fault.asset_id in (cause.asset_ids if fault.kind == "source" else cause.segment_ids)


def _time(city: _City) -> float:
    """Return the median time of a search with 1,000 alarms: several large faults and strays until there are that many."""
    rng = np.random.default_rng(7)
    took = []
    for _ in range(50):
        rings: set[int] = set()
        while len(rings) < 900:
            zone = city.zones[int(rng.integers(len(city.zones)))]
            rings |= set(zone.station_id[rng.random(len(zone.station_id)) < 0.9].tolist())
        stray = rng.permutation(city.station_ids)
        alarmed = np.array(sorted(rings & set(city.station_ids.tolist())) + stray.tolist())
        alarmed = alarmed[np.sort(np.unique(alarmed, return_index=True)[1])][:1000]
        silent = np.setdiff1d(city.station_ids, alarmed)
        started = time.perf_counter()
        city.engine.root_cause(alarmed, silent)
        took.append(time.perf_counter() - started)
    return round(1000 * median(took), 2)


def _mean(values: Any) -> float:
    given = [float(each) for each in values]
    return round(sum(given) / len(given), 4) if given else float("nan")


def _middle(values: Any) -> float:
    given = list(values)
    return round(median(given)) if given else float("nan")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    """Measure a pickled city."""
    load = os.getloadavg()[0]
    tables, sizes = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - our own file
    figures = measure(build_network(tables), sizes)
    figures["load1"] = round(max(load, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


if __name__ == "__main__":
    main()
