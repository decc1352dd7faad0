"""A flood at city size: three causes let thousands of alarms ring at once; how they fold, and what stays visible.

    make bench-city-clean && python -m benchmarks.live_flood      # alone; `make bench-live` has it too

Of three zones, drawn by a seed, one fault each is drawn and solved as in `benchmarks.trace_causes` (roughness and loads that the
search does not know). The largest that are found in `TRIES` draws are taken. Every station that feels one rings, and so do
buildings below these stations until there are `ALARMS` alarms; `STRAYS` stations of other zones ring for nothing. Looks follow
each other as the room makes them, a second of its clock apart.

| field | meaning |
|---|---|
| flood_alarms, flood_stations | alarms of the three faults, and stations among them |
| flood_incidents | incidents after the looks |
| flood_root_right | of the three, those whose true place is in the cause of the incident that holds most of its alarms |
| unrelated, unrelated_visible | alarms of no fault, and those of them that no incident holds |
| flood_lost | alarms that are in two incidents or in none although a cause explains them; must be 0 |
| flood_s | processor and waiting time of all looks until the incidents stand, as measured |
| flood_look_ms | the longest look: search and folding |
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from typing import Any

import numpy as np

from api.database import open_database
from benchmarks.import_city import city_settings
from benchmarks.trace_causes import _City, _city, _draw, _Fault, _names, _rings, _true_model
from data.hydraulics import read_hydraulic_tables
from data.network import read_network_tables
from data.pool import connect
from topology.causes.prepare import Prepared, prepare_footprints
from topology.hydraulics.tables import HydraulicTables
from topology.network import Network, build_network
from twin.incidents.affected import affected
from twin.incidents.fold import Memory, OpenAlarm, Pace, Scene, Standing, Suspect, fold

ALARMS, STRAYS, TRIES, FAULTS = 3_500, 20, 40, 3
_LOOKS = 6


def measure(network: Network, tables: HydraulicTables, *, seed: int = 11, prepared: Prepared | None = None) -> dict[str, Any]:
    """Return the figures of the module's table; footprints that are given are not prepared again."""
    prepared = prepared or prepare_footprints(network, tables)
    city = _city(network, tables, prepared, seed)
    faults = _largest(city)
    of_fault = _alarmed(city, faults)
    strays = _strays(city, faults)
    assets = [asset for own in of_fault for asset in own]
    alarms = [OpenAlarm(number, asset) for number, asset in enumerate([*assets, *strays], start=1)]
    started_s = time.perf_counter()
    held, causes, longest_s, lost = _looks(city, alarms)
    took_s = time.perf_counter() - started_s
    number_of = {alarm.asset_id: alarm.alarm_id for alarm in alarms}
    right = 0
    for (fault, _), own in zip(faults, of_fault, strict=True):
        most = Counter(held[number_of[asset]] for asset in own if number_of[asset] in held).most_common(1)
        right += bool(most) and _names(causes[most[0][0]], fault)
    return {
        "flood_alarms": len(assets),
        "flood_stations": sum(len(rings) for _, rings in faults),
        "flood_incidents": len(set(held.values())),
        "flood_root_right": right,
        "unrelated": len(strays),
        "unrelated_visible": sum(number_of[asset] not in held for asset in strays),
        "flood_lost": lost,
        "flood_s": round(took_s, 2),
        "flood_look_ms": round(1000 * longest_s, 1),
        "flood_kinds": [fault.kind for fault, _ in faults],
    }


def _largest(city: _City) -> list[tuple[_Fault, list[int]]]:
    """Return the faults that most stations feel, one a zone."""
    best: dict[int, tuple[_Fault, list[int]]] = {}
    for _ in range(TRIES):
        fault = _draw(city)
        rings = _rings(city, _true_model(city, fault.zone), fault.failure).tolist()
        if len(rings) > len(best.get(fault.zone, (fault, []))[1]):
            best[fault.zone] = fault, rings
    found = sorted(best.values(), key=lambda each: -len(each[1]))[:FAULTS]
    if len(found) < FAULTS:
        raise RuntimeError(f"only {len(found)} zones have a fault that is felt; {FAULTS} are needed")
    return found


def _alarmed(city: _City, faults: list[tuple[_Fault, list[int]]]) -> list[list[int]]:
    """Return who rings for each fault: its stations, and buildings below them until there are enough alarms."""
    stations = sum(len(rings) for _, rings in faults)
    below = [affected(city.network, [], "shut", rings).building_ids.tolist() for _, rings in faults]
    wanted = max(0, ALARMS - stations)
    whole = max(1, sum(len(each) for each in below))
    return [[*rings, *each[: round(wanted * len(each) / whole)]] for (_, rings), each in zip(faults, below, strict=True)]


def _strays(city: _City, faults: list[tuple[_Fault, list[int]]]) -> list[int]:
    """Return stations of other zones."""
    taken = {int(each) for fault, _ in faults for each in city.zones[fault.zone].station_id}
    free = np.array([each for each in city.station_ids[city.metered].tolist() if each not in taken])
    return [int(each) for each in city.rng.choice(free, STRAYS, replace=False)]


def _looks(city: _City, alarms: list[OpenAlarm]) -> tuple[dict[int, int], dict[int, Any], float, int]:
    """Look again and again; returns who holds which alarm, the cause of each incident, the longest look, and alarms lost."""
    rang = np.array([alarm.asset_id for alarm in alarms])
    silent = np.setdiff1d(city.station_ids[city.metered], rang)
    asset_of = {alarm.alarm_id: alarm.asset_id for alarm in alarms}
    holder: dict[int, int] = {}
    standing: dict[int, Standing] = {}
    causes: dict[int, Any] = {}
    memory, longest_s, lost = Memory(), 0.0, 0
    for second in range(_LOOKS):
        started_s = time.perf_counter()
        found = city.engine.diagnose(rang, silent).causes
        suspects = [Suspect(frozenset(each.explained), frozenset({*each.segment_ids, *each.tied_ids})) for each in found]
        scene = Scene(alarms, suspects, list(standing.values()), holder)
        done = fold(scene, memory, now_s=float(second), pace=Pace())
        longest_s = max(longest_s, time.perf_counter() - started_s)
        memory = done.memory
        for incident, joined in done.joined.items():
            holder.update(dict.fromkeys(joined, incident))
        for number, own in done.opened:
            incident = len(standing) + 1
            assets = frozenset(asset_of[alarm] for alarm in own)
            holder.update(dict.fromkeys(own, incident))
            standing[incident] = Standing(incident, suspects[number].places, assets, len(assets))
            causes[incident] = found[number]
        explained = {asset for each in found for asset in each.explained}
        waits = float(second) < Pace().wait_s
        lost = 0 if waits else sum(asset in explained and alarm not in holder for alarm, asset in asset_of.items())
    return holder, causes, longest_s, lost


def measure_city() -> dict[str, Any]:
    """Measure the city that `make bench-city-clean` keeps."""
    with open_database(city_settings(clean=True)) as settings, connect(settings.database_url) as connection:
        tables, sizes = read_network_tables(connection, 1), read_hydraulic_tables(connection, 1)
    return measure(build_network(tables), sizes)


def main() -> None:
    """Measure and print one line."""
    load = os.getloadavg()[0]
    figures = measure_city()
    figures["load1"] = round(max(load, os.getloadavg()[0]), 2)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


if __name__ == "__main__":
    main()
