"""Readies a city's zones for leak searches off the event loop, and puts the last readings in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from api.errors import BadRequest
from data.hydraulics import read_hydraulic_tables
from data.pool import connect
from topology.errors import NotSolvable
from topology.flow.n_minus_one import Case, make_case
from topology.flow.solver import FlowSolver
from topology.hydraulics.pandapipes_net import water_at
from topology.hydraulics.solve import Operation
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.zone import Zone, cut_zone
from topology.leaks.locate import LeakPlaces, LeakSearch, locate, prepare
from topology.leaks.signatures import metered_nodes
from topology.leaks.zone import LEAST_STATIONS, Reading, in_metres, in_order, pipe_ends
from topology.network import Network
from twin.live import LiveCity
from twin.quality import Quality

_SUPPLY, _RETURN = "primary_supply_pressure_mpa", "primary_return_pressure_mpa"
_SOURCE_SUPPLY, _SOURCE_RETURN = "supply_pressure_mpa", "return_pressure_mpa"
_USUAL_MAKE_UP = 0.05
"""Share of the zone's flow that is tried where no make-up flow is told."""


@dataclass(frozen=True, eq=False)
class Question:
    """Readings of one zone: by station and of the source itself, now and before the leak."""

    source_id: int
    readings: Mapping[int, Reading]
    at_source: Reading | None
    before: Mapping[int, Reading]
    at_source_before: Reading | None
    make_up_kg_per_s: float | None


@dataclass(frozen=True, eq=False)
class Found:
    """An answer with the zone that it is about; `ends` are lon and lat of both ends of each pipe."""

    zone: Zone
    search: LeakSearch
    places: LeakPlaces
    ends: np.ndarray
    make_up_kg_per_s: float
    levels_known: bool


class LeakRoom:
    """Keeps the hydraulic sizes of each city as of its last network version.

    Parameters
    ----------
    database_url
        Where sizes are read, by a connection of its own in a thread.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._tables: dict[int, tuple[int, HydraulicTables]] = {}

    async def find(self, network: Network, question: Question) -> Found:
        """Locate a leak in a thread.

        Raises
        ------
        NotSolvable
            When the source has no zone or nothing of it can be solved.
        BadRequest
            When too few stations of the zone have readings, or the make-up flow makes no sense.
        """
        return await asyncio.to_thread(self._find, network, question)

    def _sizes(self, network: Network) -> HydraulicTables:
        kept = self._tables.get(network.city_id)
        if kept is None or kept[0] != network.network_version:
            with connect(self._database_url) as connection:
                kept = (network.network_version, read_hydraulic_tables(connection, network.city_id))
            self._tables[network.city_id] = kept
        return kept[1]

    def _find(self, network: Network, question: Question) -> Found:
        zone = cut_zone(network, self._sizes(network), question.source_id)
        case = _case(zone)
        make_up = question.make_up_kg_per_s or _USUAL_MAKE_UP * float(case.station_kg_per_s.sum())
        metered = _common(zone, question)
        if len(metered) < LEAST_STATIONS:
            raise BadRequest(_too_few(zone, question, len(metered)))
        ends = pipe_ends(network, zone)
        chosen = {station: question.readings[station] for station in metered}
        places_, readings = in_order(zone, chosen)
        search = prepare(case.solver, case.station_kg_per_s, case.feed_kg_per_s, metered=places_, ends_m=in_metres(ends))
        before = in_order(zone, {each: question.before[each] for each in metered})[1] if question.before else None
        known = question.at_source is not None and (before is None or question.at_source_before is not None)
        if known:
            readings = readings - _levels(question.at_source, len(metered))
            before = None if before is None else before - _levels(question.at_source_before, len(metered))
        elif before is None:
            readings = readings - _mean_levels(search, readings)
        places = locate(search, readings, make_up, before_mpa=before, levels_known=known)
        return Found(zone, search, places, ends, make_up, known)


def last_readings(live: LiveCity, stations: frozenset[int]) -> dict[int, Reading]:
    """Return the last good primary pressures of stations; of a source its own."""
    out: dict[int, Reading] = {}
    for block in live.blocks.values():
        schema = block.sources[0].schema
        columns = _both(schema.column(_SUPPLY), schema.column(_RETURN))
        columns = columns or _both(schema.column(_SOURCE_SUPPLY), schema.column(_SOURCE_RETURN))
        if not columns:
            continue
        for row, source in enumerate(block.sources):
            values, quality = block.values[row, columns], block.quality[row, columns]
            if source.asset_id in stations and np.isfinite(values).all() and (quality == Quality.GOOD).all():
                out[source.asset_id] = Reading(float(values[0]), float(values[1]))
    return out


def _both(supply: int | None, back: int | None) -> list[int]:
    """Return two columns, or none where one is missing."""
    return [] if supply is None or back is None else [supply, back]


def _case(zone: Zone) -> Case:
    operation = Operation()
    if not len(zone.station_id):
        raise NotSolvable(f"no substation is connected with source {zone.source_id} on both sides, so nothing is metered")
    degc = (operation.supply_degc, operation.return_degc)
    per_mw = 1e6 / (water_at(*degc).heat_capacity_j_per_kg_k * (degc[0] - degc[1]))
    solver = FlowSolver(zone, roughness_mm=operation.roughness_mm, local_share=operation.local_share, temperature_degc=degc)
    case = make_case(zone, solver, station_kg_per_s=zone.station_load_mw * per_mw, feed_kg_per_s=zone.feed_load_mw * per_mw)
    if not case.solved.converged:
        raise NotSolvable(f"the solver found no state for the zone of source {zone.source_id}")
    return case


def _common(zone: Zone, question: Question) -> list[int]:
    """Return the stations of the zone with readings, and with readings before where there are any."""
    having = set(question.readings) & (set(question.before) if question.before else set(question.readings))
    return [int(each) for each in zone.station_id if int(each) in having]


def _too_few(zone: Zone, question: Question, count: int) -> str:
    what = "readings now and before" if question.before else "readings"
    return (
        f"{count} of the {len(zone.station_id)} stations in the zone of source {question.source_id} have {what} of primary supply"
        f" and return pressure; at least {LEAST_STATIONS} are needed"
    )


def _levels(source: Reading | None, stations: int) -> np.ndarray:
    """Return the source's pressures at the places of the stations' readings."""
    if source is None:
        raise ValueError("the source has no reading")
    return np.repeat([source.supply_mpa, source.return_mpa], stations)


def _mean_levels(search: LeakSearch, readings: np.ndarray) -> np.ndarray:
    """Return by how much each side's readings lie above what is expected, each reading's side at its place."""
    half = len(readings) // 2
    off = readings - search.expected.pressure_mpa[metered_nodes(search.solver.zone, search.metered)]
    return np.repeat([float(off[:half].mean()), float(off[half:].mean())], half)
