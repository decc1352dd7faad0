"""What-if (工况模拟): one plant's zone solved as it is and as somebody would have it, and the two compared. docs/what-if.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from topology.codes import EXCHANGER
from topology.errors import NotSolvable
from topology.hydraulics.changes import with_leaks, without_pumps
from topology.hydraulics.gates import EMERGENCY_MAKE_UP, SHORT_SHARE
from topology.hydraulics.heating_curve import regulate
from topology.hydraulics.pandapipes_net import NO_LOSSES
from topology.hydraulics.results import NORMAL, Operation, Problem
from topology.hydraulics.scenario import Scenario, check_scenario
from topology.hydraulics.solve import SolvedZone, solve_cut
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.temperatures import ZoneTemperatures, zone_temperatures
from topology.hydraulics.zone import ZoneMap, map_zones
from topology.network import Network

Progress: TypeAlias = Callable[[float, str], None]
ZoneKey: TypeAlias = tuple[int, int]
KnownZones: TypeAlias = MutableMapping[tuple[int, int, int], "HeatedZone"]
"""Zones of the present state solved before, by network version, valve version and source."""
MOVING_M_PER_S = 0.005
"""Slower water stands; the sign of its flow means nothing."""


@dataclass(frozen=True, eq=False)
class HeatedZone:
    """A solved zone with its temperatures."""

    solved: SolvedZone
    temperatures: ZoneTemperatures

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Gates that pressures, flows and temperatures do not pass."""
        return (*self.solved.result.problems, *self.temperatures.problems)


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A zone before and after a change; tables are indexed by asset id.

    Attributes
    ----------
    source_id
        Holder of the zone that was asked about.
    network_version, valve_version
        Of the present state, to which the change is only thought.
    before, after
        Solved zones; several where the change joins or parts zones.
    stations_before, stations_after
        Consumers: load_mw, flow_share, supply_mpa, return_mpa, differential_mpa, supply_degc, heat_mw.
    flows_turned, flows_stopped
        Pipes whose water runs the other way, and those whose water stood still or was cut off.
    off_by_topology, off_by_solver
        Substations of all these zones that are off afterwards: by the flood of the network, and without feed in the solve.
    off_before
        Those of them that are off at present.
    problems
        Gates that the state after the change does not pass.
    """

    scenario: Scenario
    source_id: int
    network_version: int
    valve_version: int
    before: tuple[HeatedZone, ...]
    after: tuple[HeatedZone, ...]
    stations_before: pd.DataFrame
    stations_after: pd.DataFrame
    flows_turned: tuple[int, ...]
    flows_stopped: tuple[int, ...]
    off_by_topology: frozenset[int]
    off_by_solver: frozenset[int]
    off_before: frozenset[int]
    problems: tuple[Problem, ...]

    @property
    def converged(self) -> bool:
        """True when every zone has a state, before and after."""
        return all(each.solved.result.converged for each in (*self.before, *self.after))

    @property
    def agrees(self) -> bool:
        """True when topology and solver name the same substations as off."""
        return self.off_by_topology == self.off_by_solver

    @property
    def short(self) -> pd.DataFrame:
        """Stations that do not get their flow, the worst first."""
        short = self.stations_after[self.stations_after["flow_share"] < SHORT_SHARE]
        return short.sort_values(["flow_share", "differential_mpa"])


def what_if(
    network: Network,
    tables: HydraulicTables,
    scenario: Scenario,
    *,
    operation: Operation = NORMAL,
    progress: Progress = lambda *_: None,
    known: KnownZones | None = None,
) -> WhatIf:
    """Solve a zone as it is and after a change.

    1. The zone is that of the source, with every zone that the change joins to it or parts from it.
    2. Before: pressures at the sources are the lowest that serve everybody, within what the pipes bear.
    3. After: the same pressures are held, so that what changes is what the change does. Where the source that holds them stops,
       the strongest one left holds those that it has now.
    4. A station whose differential does not carry its flow gets less (`short`); raw forced flows are never shown.
    5. The result passes the gates of `gates`, and the substations without feed are held against the network's flood.

    Parameters
    ----------
    network, tables
        The present state.
    scenario
        The change.
    operation
        How the zone is run at present.
    progress
        Called with a share of 1 and what is done next; may raise to stop.
    known
        Zones of the present state that were solved before; new ones are added.

    Raises
    ------
    NotSolvable
        When the scenario names what cannot be changed, or no zone of a running source.

    Notes
    -----
    Cost: docs/what-if.md.
    """
    check_scenario(network, scenario)
    progress(0.02, "cutting out the zone")
    changed = network.with_states(
        {**dict.fromkeys(scenario.close, "closed"), **dict.fromkeys(scenario.open, "open")},
        dict.fromkeys(scenario.stop_sources, False),
        valve_version=network.valve_version,
    )
    present = map_zones(network, tables)
    future = map_zones(changed, without_pumps(tables, scenario.stop_pumps))
    source_id = _source(present, scenario)
    feeds = _feeds_concerned(present, future, source_id)
    _require_leaks(present, future, feeds, scenario)
    before = _solve_present(present, feeds, operation, progress, known)
    after = _solve_future(future, feeds, before, operation=operation, scenario=scenario, progress=progress)
    progress(0.95, "comparing")
    return _compared(
        network, changed, undrawn=future.undrawn_ids(), scenario=scenario, source_id=source_id, before=before, after=after
    )


def solve_mapped(zones: ZoneMap, source_id: int, *, operation: Operation = NORMAL) -> HeatedZone:
    """Solve one zone as it is, as `what_if` does before a change."""
    return _solved(zones, source_id, operation)


def _source(zones: ZoneMap, scenario: Scenario) -> int:
    if scenario.source_id is not None:
        return zones.feed_ids(zones.key(scenario.source_id))[0]
    found = [asset_id for asset_id in scenario.asset_ids() if zones.holders_at(asset_id)]
    return zones.holder_at(found[0] if found else scenario.asset_ids()[0])


def _feeds_concerned(present: ZoneMap, future: ZoneMap, source_id: int) -> list[int]:
    """Return the feeds of the zone and of every zone that the change joins with it, parts from it or takes its heat from."""
    found, todo = [], [source_id]
    alive = [frozenset(zones.feeds["asset_id"].tolist()) for zones in (present, future)]
    while todo:
        feed = todo.pop()
        if feed in found:
            continue
        found.append(feed)
        for zones, living in zip((present, future), alive, strict=True):
            if feed in living:
                key = zones.key(feed)
                todo += zones.feed_ids(key)
                # a passage that lives in one state only changes the zone beyond it
                todo += [each for each in zones.passages_of(key) if (each in alive[0]) != (each in alive[1])]
    return sorted(found)


def _keys(zones: ZoneMap, feeds: list[int]) -> dict[ZoneKey, list[int]]:
    living = frozenset(zones.feeds["asset_id"].tolist())
    return {key: zones.feed_ids(key) for key in dict.fromkeys(zones.key(feed) for feed in feeds if feed in living)}


def _require_leaks(present: ZoneMap, future: ZoneMap, feeds: list[int], scenario: Scenario) -> None:
    inside = {pipe for zones in (present, future) for key in _keys(zones, feeds) for pipe in zones.pipe_ids(key)}
    for leak in scenario.leaks:
        if leak.asset_id not in inside:
            raise NotSolvable(f"pipe {leak.asset_id} is not in the zone; a leak must be on a primary pipe that water reaches")


def _solve_present(
    zones: ZoneMap, feeds: list[int], operation: Operation, progress: Progress, known: KnownZones | None
) -> tuple[HeatedZone, ...]:
    network, solved = zones.network, []
    holders = [ids[0] for ids in _keys(zones, feeds).values()]
    for place, holder in enumerate(holders):
        progress(0.05 + 0.4 * place / len(holders), f"solving the present state, zone {place + 1} of {len(holders)}")
        key = (network.network_version, network.valve_version, holder)
        found = None if known is None else known.get(key)
        found = _solved(zones, holder, operation) if found is None else found
        if known is not None:
            known[key] = found
        solved.append(found)
    return tuple(solved)


def _solve_future(
    zones: ZoneMap,
    feeds: list[int],
    before: tuple[HeatedZone, ...],
    *,
    operation: Operation,
    scenario: Scenario,
    progress: Progress,
) -> tuple[HeatedZone, ...]:
    held = _held(before)
    first = [each.solved.zone.source_id for each in before]
    run = operation
    if scenario.outdoor_degc is not None:
        curve = regulate(scenario.outdoor_degc)
        run = replace(operation, supply_degc=curve.supply_degc, return_degc=curve.return_degc, load_share=curve.given_share)
    keys, solved = _keys(zones, feeds), []
    for place, ids in enumerate(keys.values()):
        progress(0.45 + 0.5 * place / len(keys), f"solving after the change, zone {place + 1} of {len(keys)}")
        holder = next((each for each in first if each in ids), ids[0])
        supply, back = held.get(holder, (None, None))
        held_run = replace(run, supply_mpa=supply, return_mpa=back)
        solved.append(_solved(zones, holder, held_run, scenario))
    return tuple(solved)


def _held(before: tuple[HeatedZone, ...]) -> Mapping[int, tuple[float, float]]:
    """Return the pressures that every source of the zones has now."""
    return {
        feed.source_id: (round(feed.supply_mpa, 4), round(feed.return_mpa, 4))
        for each in before
        if each.solved.result.converged
        for feed in each.solved.result.feeds
    }


def _solved(
    zones: ZoneMap,
    holder: int,
    operation: Operation,
    scenario: Scenario | None = None,
) -> HeatedZone:
    zone, losses = zones.cut(holder), NO_LOSSES
    if scenario is not None and scenario.leaks:
        zone, losses = with_leaks(zone, scenario.leaks)
    versions = (zones.network.network_version, zones.network.valve_version)
    solved = solve_cut(zone, versions=versions, operation=operation, cut_short=True, losses=losses)
    return HeatedZone(solved, zone_temperatures(solved))


def _compared(
    network: Network,
    changed: Network,
    *,
    undrawn: frozenset[int],
    scenario: Scenario,
    source_id: int,
    before: tuple[HeatedZone, ...],
    after: tuple[HeatedZone, ...],
) -> WhatIf:
    named = {int(i) for each in (*before, *after) for i in (*each.solved.zone.station_id, *each.solved.zone.one_sided_ids)}
    named -= undrawn  # the topology lets one side stand for both, and no water flows in a drawing like that
    off_before, off_after = (named & _off(state) for state in (network, changed))
    substations = named & frozenset(_substations(network).tolist())
    fed = {int(i) for each in after for i in each.solved.zone.station_id}
    turned, stopped = _turned(before, after)
    result = WhatIf(
        scenario=scenario,
        source_id=source_id,
        network_version=network.network_version,
        valve_version=network.valve_version,
        before=before,
        after=after,
        stations_before=_stations(before),
        stations_after=_stations(after),
        flows_turned=turned,
        flows_stopped=stopped,
        off_by_topology=frozenset(off_after),
        off_by_solver=frozenset(substations - fed),
        off_before=frozenset(off_before),
        problems=(),
    )
    return replace(result, problems=tuple(_problems(result)))


def _substations(network: Network) -> NDArray[np.int32]:
    rows = np.unique(network.edges.row[network.edges.kind == EXCHANGER])
    found: NDArray[np.int32] = network.assets.asset_id[rows]
    return found


def _off(network: Network) -> frozenset[int]:
    """Return the substations that the flood of the network does not reach on both sides."""
    links, works = network.state.links, network.state.fed.works
    exchanger = links.kind == EXCHANGER
    on = network.assets.asset_id[np.unique(links.row[exchanger & works])]
    return frozenset(np.setdiff1d(_substations(network), on).tolist())


def _stations(zones: tuple[HeatedZone, ...]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "load_mw": each.solved.result.stations.load_mw,
                "flow_share": each.solved.result.stations.flow_share,
                "supply_mpa": each.solved.result.stations.supply_mpa,
                "return_mpa": each.solved.result.stations.return_mpa,
                "differential_mpa": each.solved.result.stations.differential_mpa,
                "supply_degc": each.temperatures.station_supply_degc,
                "heat_mw": each.temperatures.station_heat_mw,
            },
            index=pd.Index(each.solved.zone.station_id, name="asset_id"),
        )
        for each in zones
    ]
    return pd.concat(frames) if frames else pd.DataFrame(columns=["load_mw", "flow_share", "differential_mpa"], dtype=float)


def _velocities(zones: tuple[HeatedZone, ...]) -> pd.Series[float]:
    """Return the velocity of each pipe with the sign of its flow as drawn; of a leaking pipe that of its first half."""
    parts = [
        pd.Series(np.copysign(pipes.velocity_m_per_s, pipes.flow_m3_per_h), index=pipes.asset_id)
        for pipes in (each.solved.result.pipes for each in zones)
    ]
    joined = pd.concat(parts) if parts else pd.Series(dtype=float)
    return joined[~joined.index.duplicated()]


def _turned(before: tuple[HeatedZone, ...], after: tuple[HeatedZone, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    was = _velocities(before)
    now = _velocities(after).reindex(was.index).fillna(0.0)
    moved = was.abs() > MOVING_M_PER_S
    moves = now.abs() > MOVING_M_PER_S
    turned = was.index[moved & moves & (np.sign(was) != np.sign(now))]
    return tuple(sorted(int(i) for i in turned)), tuple(sorted(int(i) for i in was.index[moved & ~moves]))


def _problems(result: WhatIf) -> list[Problem]:
    found = [problem for each in result.after for problem in each.problems]
    for each in result.after:
        found += _leak_problems(each)
    outdoor = result.scenario.outdoor_degc
    if outdoor is not None and regulate(outdoor).wanted_share > 1.0:
        wanted = 100 * regulate(outdoor).wanted_share
        text = f"at {outdoor:g} degC the buildings want {wanted:.0f} % of the design load and get 100 %"
        found.append(Problem("colder_than_design", (result.source_id,), text))
    if not result.agrees:
        apart = tuple(sorted(result.off_by_topology ^ result.off_by_solver))
        text = f"{len(apart)} substations are off for one of topology and solver only"
        found.append(Problem("disagrees_with_topology", apart, text))
    return found


def _leak_problems(zone: HeatedZone) -> list[Problem]:
    losses, found = zone.solved.losses, []
    if not len(losses.node) or not zone.solved.result.converged:
        return []
    dry = zone.solved.result.nodes.pressure_mpa[losses.node] <= 0.0
    halves = zone.solved.zone.pipe_id[len(zone.solved.zone.pipe_id) - len(losses.node) :]
    if dry.any():
        text = f"{int(dry.sum())} leaks are at places without pressure; so much cannot run out there"
        found.append(Problem("leak_without_pressure", tuple(int(i) for i in halves[dry]), text))
    circulates, lost = float(zone.solved.station_kg_per_s.sum()), float(losses.kg_per_s.sum())
    if lost > EMERGENCY_MAKE_UP * circulates:
        text = f"{lost:.1f} kg/s are lost of {circulates:.0f} kg/s that circulate; make-up gives {100 * EMERGENCY_MAKE_UP:.0f} %"
        found.append(Problem("make_up_too_large", tuple(int(i) for i in halves), text))
    return found
