"""Who serves whom: substations and their buildings, heat sources, companies, districts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon, box

from data.demo.buildings import LANE_M, Building, Estate, Frame, frame_of
from data.demo.sizes import CitySize
from data.demo.streets import Streets
from data.demo.systems import count_systems

YARD_M = 8.0
"""From the first lane of a substation's rows back to the substation."""


@dataclass(frozen=True, slots=True)
class Substation:
    """A substation and what hangs on it.

    Attributes
    ----------
    ab, xy
        Position in the estate's frame and in the quarter.
    buildings
        Indexes of the buildings it feeds.
    company
        Index of the company that runs it.
    """

    name: str
    estate: int
    ab: NDArray[np.float64]
    xy: NDArray[np.float64]
    buildings: tuple[int, ...]
    load_mw: float
    heated_area_m2: float
    system_count: int
    installed_year: int
    company: int


@dataclass(frozen=True, slots=True)
class Source:
    """A plant or boiler house with the street that takes its heat."""

    kind: str
    name: str
    xy: NDArray[np.float64]
    frame: Frame
    street: int
    design_power_mw: float
    company: int
    peak_only: bool


@dataclass(frozen=True, slots=True)
class Hall:
    """A building of a heat source: name, footprint, height in metres."""

    name: str
    outline: Polygon
    height_m: float


def draw_halls(sources: tuple[Source, ...]) -> tuple[Hall, ...]:
    """Return halls and chimney behind each heat source; they take no heat."""
    halls = []
    for source in sources:
        for name, ab, height in (
            ("主厂房", box(-45.0, 12.0, 45.0, 52.0), 32.0),
            ("辅助厂房", box(-70.0, 75.0, 30.0, 105.0), 14.0),
            ("烟囱", Point(52.0, 88.0).buffer(5.0, quad_segs=4), 120.0),
        ):
            halls.append(Hall(source.name + name, shapely.transform(ab, source.frame.to_xy), height))
    return tuple(halls)


def draw_substations(
    size: CitySize, estates: tuple[Estate, ...], buildings: tuple[Building, ...], rng: np.random.Generator
) -> tuple[Substation, ...]:
    """Place the substations: each estate gets one, larger ones more, each for neighbouring columns of buildings."""
    members: list[list[int]] = [[] for _ in estates]
    for index, building in enumerate(buildings):
        members[building.estate].append(index)
    counts = _share(size.substations, members, buildings)
    substations: list[Substation] = []
    for estate, count in enumerate(counts):
        for place, group in enumerate(_groups(members[estate], buildings, count)):
            number = f"{'一二三四五六七八'[place]}号" if count > 1 else ""
            mine = [buildings[index] for index in group]
            substations.append(_substation(size, estates[estate], mine, name=f"{number}换热站", members=group, rng=rng))
    return tuple(substations)


def _share(total: int, members: list[list[int]], buildings: tuple[Building, ...]) -> NDArray[np.int64]:
    """Give every estate with buildings one, then the next to whoever has most heat for each, never more than its columns."""
    load = np.array([sum(buildings[index].heat_load_mw for index in group) for group in members])
    columns = np.array([len({buildings[index].column for index in group}) for group in members])
    counts: NDArray[np.int64] = np.minimum(columns, 1)
    for _ in range(total - int(counts.sum())):
        need = np.where(counts < columns, load / np.maximum(counts, 1), -1.0)
        counts[int(need.argmax())] += 1
    return counts


def _groups(members: list[int], buildings: tuple[Building, ...], count: int) -> list[tuple[int, ...]]:
    """Split buildings by their columns into `count` neighbouring groups."""
    columns = sorted({buildings[index].column for index in members})
    if not columns:
        return []
    parts = [set(part.tolist()) for part in np.array_split(np.array(columns), count)]
    return [tuple(index for index in members if buildings[index].column in part) for part in parts]


def _substation(
    size: CitySize, estate: Estate, mine: list[Building], *, name: str, members: tuple[int, ...], rng: np.random.Generator
) -> Substation:
    """Put the substation in the gap between its middle columns, in front of its first row."""
    columns = sorted({building.column for building in mine})
    middle = columns[len(columns) // 2]
    lot_a = next(building.lot_a for building in mine if building.column == middle)
    front = min(building.inlet_ab[1] for building in mine)
    ab = np.array([lot_a - estate.pitch_m()[0] / 2.0, front - LANE_M - YARD_M])
    area = sum(building.heated_area_m2 for building in mine)
    return Substation(
        name=estate.name + name,
        estate=mine[0].estate,
        ab=ab,
        xy=estate.frame.to_xy(ab[None])[0],
        buildings=members,
        load_mw=round(sum(building.heat_load_mw for building in mine), 4),
        heated_area_m2=round(area, 1),
        system_count=count_systems([building.storeys for building in mine]),
        installed_year=min(2025, estate.year_built + int(rng.integers(0, 8))),
        company=1 + 3 * estate.block.column // size.columns,
    )


def draw_boiler_houses(size: CitySize, streets: Streets, *, peak: bool, name: str, first: int) -> list[Source]:
    """Return a boiler house in each of the blocks kept for one; their power is found when flows are known.

    Parameters
    ----------
    peak
        Whether they only help a plant.
    name
        Of the quarter.
    first
        Number of the first one in the city.
    """
    blocks = {(block.column, block.row): block for block in streets.blocks}
    houses = []
    for place, where in enumerate(size.boiler_blocks):
        block = blocks[where]
        frame = frame_of(block)
        xy = frame.to_xy(np.array([[0.0, 0.0]]))[0]
        title = f"示例{name}{first + place}号{'调峰' if peak else ''}锅炉房"
        houses.append(Source("boiler_house", title, xy, frame, block.street, 0.0, 0, peak_only=peak))
    return houses


def draw_sources(size: CitySize, streets: Streets, load_mw: float) -> tuple[Source, ...]:
    """Return the plant, which carries most of the load, and the peak boiler house, which feeds in at the other corner."""
    blocks = {(block.column, block.row): block for block in streets.blocks}
    sources = []
    for kind, name, place, share, company in (
        ("plant", "示例第一热电厂", size.plant_block, 0.85, 0),
        ("boiler_house", "示例调峰锅炉房", size.boiler_block, 0.4, 0),
    ):
        block = blocks[place]
        frame = frame_of(block)
        xy = frame.to_xy(np.array([[0.0, 0.0]]))[0]
        sources.append(Source(kind, name, xy, frame, block.street, round(load_mw * share / 5.0) * 5.0, company, kind != "plant"))
    return tuple(sources)
