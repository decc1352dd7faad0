"""What somebody wants to try on one plant's zone: `Scenario`, and whether the network has what it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from topology.assets import KINDS
from topology.codes import SOURCE, VALVE
from topology.errors import NotSolvable
from topology.hydraulics.drawing import PUMP_STATION
from topology.hydraulics.heating_curve import regulate
from topology.network import Network

LARGEST_LEAK_KG_PER_S = 2000.0


@dataclass(frozen=True, slots=True)
class Leak:
    """Water that runs out in the middle of a pipe."""

    asset_id: int
    kg_per_s: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One what-if (工况模拟); ids are asset ids.

    Attributes
    ----------
    source_id, asset_id
        The source whose zone is asked about, or any asset in that zone; without both, the first asset that is changed.
    close, open
        Valves, each side for itself.
    stop_pumps
        Relay pump stations: the water passes by the standing pump.
    stop_sources
        Plants and boiler houses.
    leaks
        On primary pipes.
    outdoor_degc
        Load and temperatures follow the heating curve; None = design.
    """

    source_id: int | None = None
    asset_id: int | None = None
    close: tuple[int, ...] = ()
    open: tuple[int, ...] = ()
    stop_pumps: tuple[int, ...] = ()
    stop_sources: tuple[int, ...] = ()
    leaks: tuple[Leak, ...] = ()
    outdoor_degc: float | None = None

    def asset_ids(self) -> tuple[int, ...]:
        """Return everything that is named, in the order of the question."""
        named = (self.source_id, self.asset_id)
        leaks = tuple(leak.asset_id for leak in self.leaks)
        changed = (*self.close, *self.open, *self.stop_pumps, *self.stop_sources, *leaks)
        return (*(each for each in named if each is not None), *changed)


def check_scenario(network: Network, scenario: Scenario) -> None:
    """Raise `NotSolvable`, naming the asset and what would be right, where the network cannot be changed like that.

    Notes
    -----
    Cost: microseconds for each asset named; nothing is solved.
    """
    if not scenario.asset_ids():
        raise NotSolvable("nothing is named; give source_id, or asset_id of anything in the zone")
    changed = Counter((*scenario.close, *scenario.open, *scenario.stop_pumps, *scenario.stop_sources))
    twice = [asset_id for asset_id, times in changed.items() if times > 1]
    if twice:
        raise NotSolvable(f"asset {twice[0]} is operated twice; name it once")
    for asset_id in scenario.asset_ids():
        _kind(network, asset_id)
    _require(network, (*scenario.close, *scenario.open), _edges_of(network, VALVE), "a valve that interrupts a pipe")
    _require(network, scenario.stop_sources, _edges_of(network, SOURCE), "a plant or boiler house on the network")
    _require_kind(network, scenario.stop_pumps, PUMP_STATION, "a relay pump station; a plant is stopped by stop_sources")
    _require_kind(network, (leak.asset_id for leak in scenario.leaks), "pipe", "a pipe")
    for leak in scenario.leaks:
        if not 0.0 < leak.kg_per_s <= LARGEST_LEAK_KG_PER_S:
            raise NotSolvable(f"leak of {leak.kg_per_s:g} kg/s; it must be above 0 and at most {LARGEST_LEAK_KG_PER_S:g} kg/s")
    if scenario.outdoor_degc is not None:
        regulate(scenario.outdoor_degc)


def _edges_of(network: Network, kind: int) -> frozenset[int]:
    edges = network.edges
    return frozenset(network.assets.asset_id[edges.row[edges.kind == kind]].tolist())


def _kind(network: Network, asset_id: int) -> str:
    row = int(network.assets.rows_of(np.array([asset_id]))[0])
    if row < 0:
        raise NotSolvable(f"asset {asset_id} is not part of the hot-water network")
    return KINDS[int(network.assets.kind[row])]


def _require(network: Network, asset_ids: Iterable[int], able: frozenset[int], right: str) -> None:
    for asset_id in asset_ids:
        if asset_id not in able:
            raise NotSolvable(f"asset {asset_id} is a {_kind(network, asset_id)}; it must be {right}")


def _require_kind(network: Network, asset_ids: Iterable[int], kind: str, right: str) -> None:
    for asset_id in asset_ids:
        found = _kind(network, asset_id)
        if found != kind:
            raise NotSolvable(f"asset {asset_id} is a {found}; it must be {right}")
