"""A whole city out of many quarters: drawn one after the other, joined by links and transmission mains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.buildings import Building, Estate, draw_estates, draw_lots, estate_outline, frame_at, with_use
from data.demo.chains import Chain, Network, NodeList, cut_chains
from data.demo.estates import split_estates
from data.demo.flows import Flows, size_index, trace_flows
from data.demo.ground import Ground
from data.demo.layout import CENTRE_M, Layout, Quarter, lay_out
from data.demo.names import HOSPITAL, SCHOOL, AreaNames
from data.demo.network import lay_quarter
from data.demo.organisation import Source, Substation, draw_boiler_houses, draw_substations
from data.demo.sizes import CitySize
from data.demo.stations import MainStation, Store, draw_accumulators, draw_tanks, lay_accumulators
from data.demo.streets import Streets, draw_streets
from data.demo.systems import count_systems
from data.demo.tables import DemoCity
from data.demo.transmission import Branch, Crossings, lay_branches, lay_links
from data.demo.tree_preset import keep_tree

COMPANIES = 70
ESTATES = 6500
BRANCHES = 29
ACCUMULATOR_ASIDE_M = (0.0, -110.0)
"""From a plant to its accumulator: across the way on which its mains leave."""
_NOWHERE = np.array([[0.0, 9e6], [0.0, 9.001e6]])
"""A river that no quarter touches: the real one runs between them."""
_CORRIDOR_RIVER_M = 84.0
_PARTS = ("一区", "二区", "三区", "四区", "五区", "六区")
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class WholeCity:
    """A city and what only a whole city has.

    Attributes
    ----------
    city
        Everything that a single quarter has as well.
    layout
        Where the quarters lie.
    branches
        Transmission mains of the plants.
    company_ground
        For each company with buildings: its index and ground.
    urban
        Built-up extent.
    """

    city: DemoCity
    layout: Layout
    branches: tuple[Branch, ...]
    company_ground: tuple[tuple[int, shapely.Geometry], ...]
    urban: shapely.Geometry


@dataclass(slots=True)
class _Drawing:
    """What was drawn so far, with indexes of the whole city."""

    streets: list[Streets]
    sites: list[tuple[Estate, ...]]
    estates: list[Estate]
    buildings: list[Building]
    substations: list[Substation]
    local: list[list[Substation]]
    sources: list[Source]
    nodes: NodeList
    chains: list[Chain]
    crossings: list[Crossings]
    stations: list[MainStation] = field(default_factory=list)
    accumulators: tuple[Store, ...] = ()


def draw_whole(plan: CitySize, seed: int, towns_m: NDArray[np.float64], report: Progress) -> WholeCity:
    """Draw the city.

    Parameters
    ----------
    plan
        Of a quarter.
    seed
        Same seed, same city.
    towns_m
        Middles (n, 2) of the towns, metres from the origin.
    report
        Told what is being drawn.
    """
    rng = np.random.default_rng([seed, 1])
    layout = lay_out(plan, towns_m, rng)
    drawing = _Drawing([], [], [], [], [], [], [], NodeList(), [], [])
    lots: list[list[Building]] = []
    for quarter in layout.quarters:
        report(f"drawing {quarter.name} {quarter.number + 1}", 0.3 * quarter.number / len(layout.quarters))
        own = np.random.default_rng([seed, 100 + quarter.number])
        drawing.streets.append(draw_streets(quarter.plan, _NOWHERE, own))
        drawing.sites.append(draw_estates(quarter.plan, drawing.streets[-1], own))
        lots.append(draw_lots(drawing.sites[-1], own))
    names = AreaNames()
    drawing.streets = [_renamed(streets, names) for streets in drawing.streets]
    keep = _share_lots(np.array([len(each) for each in lots]), plan.buildings * plan.quarters)
    plants = _draw_plants(layout)
    drawing.sources += plants
    plant_nodes = [drawing.nodes.add("plant", source.xy, index) for index, source in enumerate(plants)]
    offset = 0
    for quarter, drawn, count in zip(layout.quarters, lots, keep, strict=True):
        report(f"laying pipes in {quarter.name} {quarter.number + 1}", 0.3 + 0.4 * quarter.number / len(layout.quarters))
        _draw_quarter(drawing, quarter, drawn, count, road_offset=offset, rng=np.random.default_rng([seed, 200 + quarter.number]))
        offset += len(drawing.streets[quarter.number].roads)
    report("joining quarters", 0.7)
    drawing.chains += lay_links(layout, drawing.streets, drawing.nodes, drawing.crossings)
    branches, drawing.stations, chains = lay_branches(
        layout, plan, drawing.nodes, drawing.crossings, plants=plant_nodes, branches=BRANCHES
    )
    drawing.accumulators = draw_accumulators(plants, ACCUMULATOR_ASIDE_M, seed)
    drawing.chains += [*chains, *lay_accumulators(drawing.nodes, drawing.accumulators)]
    idle = _stand_by(drawing, tree=plan.tree)
    return _finish(drawing, layout, branches, idle=idle, seed=seed, names=names, report=report)


def _stand_by(drawing: _Drawing, *, tree: bool) -> tuple[int, ...]:
    """Return the sources that stand by: every second helper of a plant; in trees, which the drawing is cut down to, more."""
    peak = [source.peak_only for source in drawing.sources]
    if not tree:
        return tuple(np.flatnonzero(peak)[1::2].tolist())
    drawing.nodes, drawing.chains, idle = keep_tree(drawing.nodes, drawing.chains, peak)
    return idle


def _renamed(streets: Streets, names: AreaNames) -> Streets:
    return replace(streets, roads=tuple(replace(road, name=names.unique(road.name)) for road in streets.roads))


def _share_lots(lots: NDArray[np.int64], total: int) -> list[int]:
    """Share the buildings among the quarters by their lots; largest remainders get the rest."""
    wanted = lots * min(1.0, total / lots.sum())
    counts = np.floor(wanted).astype(np.int64)
    missing = min(total, int(lots.sum())) - int(counts.sum())
    counts[np.argsort(counts - wanted, kind="stable")[:missing]] += 1
    return [int(count) for count in counts]


def _draw_plants(layout: Layout) -> list[Source]:
    numbers = "一二三四五六"
    plants = []
    for index, xy in enumerate(layout.plants):
        name = f"示例第{numbers[index]}热电厂"
        aside = -330.0 if xy[1] < 0.0 else 200.0  # clear of the mains, which leave towards the middle of the city
        plants.append(Source("plant", name, xy, frame_at(xy + np.array([0.0, aside])), -1, 0.0, 0, peak_only=False))
    return plants


def _draw_quarter(
    drawing: _Drawing, quarter: Quarter, lots: list[Building], count: int, *, road_offset: int, rng: np.random.Generator
) -> None:
    """Choose the buildings of a quarter, draw who serves them, lay its pipes, and add all that to the drawing."""
    plan, number = quarter.plan, quarter.number
    sites, streets = drawing.sites[number], drawing.streets[number]
    kept = tuple(lots[index] for index in _kept_lots(lots, count, rng))
    stations = [
        replace(station, company=_company(number, station, plan, sites)) for station in draw_substations(plan, sites, kept, rng)
    ]
    estates, of = split_estates(sites, stations, kept, ESTATES // plan.quarters)
    first = (len(drawing.substations), len(drawing.sources))
    base, estate_base = len(drawing.buildings), len(drawing.estates)
    drawing.buildings += _numbered(kept, of, estate_base, sites, rng)
    moved = [_moved(station, base, drawing.buildings) for station in stations]
    houses = draw_boiler_houses(plan, streets, peak=quarter.plant >= 0, name=quarter.name, first=first[1] - 5)
    chains, crossing = lay_quarter(
        drawing.nodes, plan, streets, sources=houses, sites=sites, substations=moved, buildings=drawing.buildings, first=first
    )
    drawing.sources += houses
    drawing.chains += chains
    drawing.crossings.append(crossing)
    drawing.local.append(moved)
    drawing.substations += [replace(station, estate=drawing.buildings[station.buildings[0]].estate) for station in moved]
    drawing.estates += [
        replace(estate, block=replace(estate.block, street=estate.block.street + road_offset)) for estate in estates
    ]


def _kept_lots(lots: Sequence[Building], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which lots are built on: whole rows, but for the last one."""
    _, row = np.unique([(lot.estate, lot.row) for lot in lots], axis=0, return_inverse=True)
    order = np.argsort(rng.random(int(row.max()) + 1)[row], kind="stable")
    return np.sort(order[:count])


def _moved(station: Substation, base: int, buildings: Sequence[Building]) -> Substation:
    """Return the substation with indexes of the whole city; schools and hospitals have got fewer storeys meanwhile."""
    own = tuple(base + index for index in station.buildings)
    return replace(station, buildings=own, system_count=count_systems([buildings[index].storeys for index in own]))


def _company(number: int, station: Substation, plan: CitySize, sites: Sequence[Estate]) -> int:
    """Return the company: the first quarters have two, one for the western, one for the eastern half."""
    shared = COMPANIES - 1 - plan.quarters
    if number >= shared:
        return 1 + shared + number
    return 1 + 2 * number + int(sites[station.estate].block.column >= plan.columns // 2)


def _numbered(
    buildings: Sequence[Building], of: Sequence[int], base: int, sites: Sequence[Estate], rng: np.random.Generator
) -> list[Building]:
    """Number the buildings of each estate; the first one of some is a school or a hospital."""
    special = rng.random(len(buildings))
    counted: dict[int, int] = {}
    numbered = []
    for building, estate, draw in zip(buildings, of, special, strict=True):
        number = counted[estate] = counted.get(estate, 0) + 1
        use = "" if number > 1 or draw > SCHOOLS else HOSPITAL if draw < HOSPITALS else SCHOOL
        site = sites[building.estate]
        numbered.append(with_use(replace(building, estate=base + estate, number=number), use, site))
    return numbered


SCHOOLS, HOSPITALS = 0.12, 0.03
"""Share of estates the first building of which is a school or hospital, and of hospitals alone."""


def _finish(
    drawing: _Drawing,
    layout: Layout,
    branches: Sequence[Branch],
    *,
    idle: tuple[int, ...],
    seed: int,
    names: AreaNames,
    report: Progress,
) -> WholeCity:
    report("joining quarters", 0.75)
    network = cut_chains(drawing.nodes, drawing.chains)
    report("sizing pipes", 0.85)
    load = np.array([station.load_mw for station in drawing.substations])
    building_load = np.array([building.heat_load_mw for building in drawing.buildings])
    flows = trace_flows(network, load, building_load, idle=idle, way_m=_resistance(network, drawing.sources))
    sources = _with_power(drawing.sources, flows, load)
    river = _river(layout)
    streets = _merged(drawing.streets, river)
    estates = tuple(replace(estate, name=_estate_name(streets, estate, names)) for estate in drawing.estates)
    substations = tuple(_with_name(station, estates, names) for station in drawing.substations)
    city = DemoCity(
        "220100", _ground(river, seed), streets, estates, tuple(drawing.buildings), substations, sources, network, flows,
        size_index(network, flows.load_mw), seed, idle=idle, stations=tuple(drawing.stations),
        accumulators=drawing.accumulators, tanks=draw_tanks(sources, seed),
    )  # fmt: skip
    urban = shapely.union_all([shapely.union_all([block.outline for block in each.blocks]) for each in drawing.streets])
    return WholeCity(city, layout, tuple(branches), _company_ground(estates, substations, city), urban.buffer(260.0))


def _with_power(sources: Sequence[Source], flows: Flows, load: NDArray[np.float64]) -> tuple[Source, ...]:
    """Give every source a fifth more than it feeds; idle and lightly loaded ones get the usual 29 MW boilers."""
    fed = np.bincount(flows.source, weights=load, minlength=len(sources))
    powers = np.maximum(np.ceil(1.2 * fed / 29.0) * 29.0, 58.0)
    return tuple(replace(source, design_power_mw=float(power)) for source, power in zip(sources, powers, strict=True))


def _resistance(network: Network, sources: Sequence[Source]) -> NDArray[np.float64]:
    """Return how far each trench seems: wide transmission mains are short, helpers of a plant stand far off."""
    way = network.lengths_m()
    way[network.transmission] *= TRANSMISSION_SHARE
    peak = np.array([source.peak_only for source in sources])
    houses = (network.node_kind == "boiler_house") & peak[np.maximum(network.node_reference, 0) % len(sources)]
    way[houses[network.start] | houses[network.end]] += HELPER_M
    return way


TRANSMISSION_SHARE = 0.1
HELPER_M = 9000.0


def _river(layout: Layout) -> NDArray[np.float64]:
    """Return the axis of the river: through its corridor, winding more the further out."""
    y = np.arange(-45e3, 60e3, 60.0)
    out = np.clip(np.abs(y - CENTRE_M[1]) - 15e3, 0.0, None)
    x = layout.river_x + (34.0 + 0.12 * out) * np.sin(y / (800.0 + 0.02 * out))
    return np.column_stack([x, y])


def _ground(river: NDArray[np.float64], seed: int) -> Ground:
    rng = np.random.default_rng([seed, 3])
    near, far = 70, 160
    spread = rng.uniform(-1.0, 1.0, (far, 2)) * np.array([135e3, 130e3]) + np.array([15e3, 40e3])
    xy = np.vstack([rng.uniform(-18e3, 18e3, (near, 2)) + CENTRE_M, spread])
    height = np.concatenate([rng.uniform(-4.0, 16.0, near), rng.uniform(-15.0, 70.0, far)])
    radius = np.concatenate([rng.uniform(500.0, 1900.0, near), rng.uniform(2500.0, 9000.0, far)])
    return Ground(np.column_stack([xy, height, radius]), river, rise=0.0002, wave_m=0.0, range_m=(130.0, 480.0))


def _merged(quarters: Sequence[Streets], axis: NDArray[np.float64]) -> Streets:
    river = shapely.LineString(axis).buffer(_CORRIDOR_RIVER_M / 2.0, cap_style="flat")
    return Streets(
        crossings=np.concatenate([each.crossings.reshape(-1, 2) for each in quarters]),
        streets=(),
        avenues=(),
        roads=tuple(road for each in quarters for road in each.roads),
        blocks=tuple(block for each in quarters for block in each.blocks),
        river_axis=axis,
        river=river,
        pond=shapely.union_all([each.pond for each in quarters]),
        green=tuple(park for each in quarters for park in each.green),
    )


def _estate_name(streets: Streets, estate: Estate, names: AreaNames) -> str:
    return names.estate(streets.roads[estate.block.street].name)


def _with_name(station: Substation, estates: Sequence[Estate], names: AreaNames) -> Substation:
    return replace(station, name=names.unique(f"{estates[station.estate].name}换热站"))


def _company_ground(
    estates: Sequence[Estate], substations: Sequence[Substation], city: DemoCity
) -> tuple[tuple[int, shapely.Geometry], ...]:
    """Return the ground of each company: its estates, grown together over the streets."""
    outlines: dict[int, dict[int, shapely.Geometry]] = {}
    for station in substations:
        own = outlines.setdefault(station.company, {})
        for building in station.buildings:
            estate = city.buildings[building].estate
            own[estate] = estate_outline(estates[estate])
    grounds = []
    for company, parts in sorted(outlines.items()):
        shape = shapely.union_all(shapely.buffer(np.array(list(parts.values())), 70.0, join_style="mitre"))
        grounds.append((company, shapely.simplify(shape, 5.0)))
    return tuple(grounds)
