"""Main stations on the plants' branches, accumulators and water tanks: where they stand.

A branch starts at its plant and ends at a main station at the edge of a quarter, where long-distance transmission
(长输管网) becomes the primary network; long branches have relay pump stations on the way as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.chains import Chain, NodeList
from data.demo.organisation import Source
from data.demo.streets import Path

STATION_KINDS = {"relay_pump_station": "中继泵站", "isolating_station": "隔压站", "relay_energy_station": "中继能源站"}
"""Kinds of main stations with their Chinese names."""
_PREFIXES = {"relay_pump_station": "ZJB", "isolating_station": "GYZ", "relay_energy_station": "NYZ"}
STRETCH_M = 15_000.0
"""Longest way between two stations of a branch."""
EDGE_M = 60.0
"""From the station at a branch's end to the crossing of mains."""
ENERGY_STATIONS = 2
ACCUMULATORS = 4
_ACCUMULATOR_M3, _PLANT_TANK_M3, _HOUSE_TANK_M3 = (12_000.0, 30_000.0), (2_000.0, 5_000.0), (200.0, 800.0)
_TANK_AB = np.array([[80.0, 30.0]])
"""Where a tank stands in the frame of its source: beside the halls."""


@dataclass(frozen=True, slots=True)
class MainStation:
    """A station on a branch of a plant.

    Attributes
    ----------
    plant, branch
        Indexes of the plant and of its branch.
    place
        Number on the branch, from the plant, 1 first.
    is_end
        Whether the primary network begins here.
    """

    kind: str
    code: str
    plant: int
    branch: int
    place: int
    is_end: bool


@dataclass(frozen=True, slots=True)
class Store:
    """An accumulator (储热器) or water tank (储水罐) of a heat source."""

    source: int
    xy: NDArray[np.float64]
    volume_m3: float
    installed_year: int


def stops_of(path: Path) -> list[float]:
    """Return how far along a branch its stations stand, metres; the last one is that at its end."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    end = float(steps.sum() - min(EDGE_M, steps[-1] / 2.0))
    count = int(np.ceil(end / STRETCH_M))
    return [end * place / count for place in range(1, count + 1)]


def number_stations(plants: Sequence[int], lengths_m: Sequence[float], counts: Sequence[int]) -> list[list[MainStation]]:
    """Return the stations of each branch.

    Parameters
    ----------
    plants, lengths_m, counts
        Of each branch: index of its plant, its length, how many stations it has.
    """
    ends = _end_kinds(plants, lengths_m)
    numbers: Counter[str] = Counter()
    stations: list[list[MainStation]] = []
    for branch, (end, count) in enumerate(zip(ends, counts, strict=True)):
        stations.append([])
        for place in range(1, count + 1):
            kind = end if place == count else "relay_pump_station"
            numbers[kind] += 1
            code = f"{_PREFIXES[kind]}{numbers[kind]:03d}"
            stations[-1].append(MainStation(kind, code, plants[branch], branch, place, is_end=place == count))
    return stations


def _end_kinds(plants: Sequence[int], lengths_m: Sequence[float]) -> list[str]:
    """Isolate the pressure of each plant's longest branch; the longest others of different plants get heat pumps."""
    kinds = ["relay_pump_station"] * len(plants)
    order = sorted(range(len(plants)), key=lambda branch: -lengths_m[branch])
    isolated = {next(branch for branch in order if plants[branch] == plant) for plant in sorted(set(plants))}
    for branch in isolated:
        kinds[branch] = "isolating_station"
    with_pumps: set[int] = set()
    for branch in order:
        if branch not in isolated and plants[branch] not in with_pumps and len(with_pumps) < ENERGY_STATIONS:
            kinds[branch] = "relay_energy_station"
            with_pumps.add(plants[branch])
    return kinds


# ---------------------------------------------------------------- stores of heat and water


def draw_accumulators(sources: Sequence[Source], aside_m: tuple[float, float], seed: int) -> tuple[Store, ...]:
    """Return an accumulator beside each of the first plants, `aside_m` east and north of it."""
    rng = np.random.default_rng([seed, 20])
    plants = [index for index, source in enumerate(sources) if source.kind == "plant"]
    return tuple(_store(index, sources[index].xy + aside_m, _ACCUMULATOR_M3, rng) for index in plants[:ACCUMULATORS])


def draw_tanks(sources: Sequence[Source], seed: int) -> tuple[Store, ...]:
    """Return a tank at every plant and at every boiler house that stands alone."""
    rng = np.random.default_rng([seed, 21])
    return tuple(
        _store(index, source.frame.to_xy(_TANK_AB)[0], _PLANT_TANK_M3 if source.kind == "plant" else _HOUSE_TANK_M3, rng)
        for index, source in enumerate(sources)
        if not source.peak_only
    )


def _store(source: int, xy: NDArray[np.float64], volume_m3: tuple[float, float], rng: np.random.Generator) -> Store:
    return Store(source, xy, round(float(rng.uniform(*volume_m3)), -2), int(rng.integers(2006, 2025)))


def lay_accumulators(nodes: NodeList, stores: Sequence[Store]) -> list[Chain]:
    """Return a short main with a valve from the plant's node to each accumulator."""
    plants = {nodes.references[node]: node for node, kind in enumerate(nodes.kinds) if kind == "plant"}
    chains = []
    for index, store in enumerate(stores):
        start, end = plants[store.source], nodes.add("accumulator", store.xy, index)
        path = np.array([nodes.positions[start], store.xy])
        middle = float(np.hypot(*(path[1] - path[0]))) / 2.0
        chains.append(Chain(start, end, path, True, -1, ((middle, "valve"),)))
    return chains
