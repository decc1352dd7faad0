"""Faults of the drawn network, each at a place where its consequences are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.demo.desk import Desk, Mark
from data.demo.drawn import Drawn, PrimaryParts
from data.demo.faults import label_of

MOVED_M = (0.2, 2.0)
"""By how much an end or a valve is put off its node."""
_SHORTEST_M = 5.0
_LARGEST_PART = 8
"""Pipes of a tree that a fault may cut off."""
_TRIES = 6
"""Candidates looked at for each fault wanted."""


def spoil_network(desk: Desk, drawn: Drawn, scale: int) -> None:
    """Put every fault of the network into the tables, `scale` times a handful."""
    pressure = desk.frame("pressure_point")
    if "pipe_code" in pressure:
        desk.take(pressure["pipe_code"].dropna())
    parts = {side: PrimaryParts(desk, drawn, side) for side in ("supply", "return")}
    _main_ends_off(desk, drawn, parts, 2 * scale)
    _mains_without_return(desk, drawn, parts["return"], scale)
    _trees_cut(desk, drawn, scale)
    services = _Services(desk, drawn)
    _service_ends_off(desk, services, 4 * scale)
    _returns_missing(desk, services, 3 * scale)
    _pairs_of_one_side(desk, services, 2 * scale)
    _pipes_without_geometry(desk, services, scale)
    _inlets_off(desk, services, 2 * scale)
    _inlets_without_building(desk, services, 2 * scale)
    _drawn_twice(desk, drawn, 3 * scale)
    _valves_off(desk, drawn, 3 * scale)


# ---------------------------------------------------------------- mains


def _tries(candidates: NDArray[np.intp], wanted: int, rng: np.random.Generator) -> list[int]:
    order: list[int] = rng.permutation(candidates)[: _TRIES * wanted + 20].tolist()
    return order


def _plain(desk: Desk, drawn: Drawn) -> NDArray[np.bool_]:
    """Tell for both ends of each pipe whether nothing but a pipe point is there."""
    plain: NDArray[np.bool_] = pd.DataFrame(drawn.end_codes).isin(set(desk.frame("pipe_point")["code"])).to_numpy()
    return plain


def _main_ends_off(desk: Desk, drawn: Drawn, parts: Mapping[str, PrimaryParts], wanted: int) -> None:
    """Move the end of a ring's pipe off a node of two pipes: both ends meet nothing, and the ring feeds everybody still."""
    rng = desk.stream(1)
    fits = ~drawn.secondary & _plain(desk, drawn)[:, 1] & (drawn.degree[drawn.ends[:, 1]] == 2)
    lines = dict[int, object]()
    for pipe in _tries(np.flatnonzero(fits & (drawn.length_m > _SHORTEST_M)), wanted, rng):
        if len(lines) == wanted:
            break
        both = drawn.pipes_at(int(drawn.ends[pipe, 1])).tolist()
        codes = [*drawn.code[both], *drawn.end_codes[pipe]]
        if not desk.is_free(codes) or not parts[drawn.side[pipe]].try_cut(pipe):
            continue
        lines[pipe], done = _end_moved(desk, drawn, pipe, 1, rng)
        desk.take([*codes, *drawn.end_codes[both].ravel()])
        for each in both:
            _tell(desk, Mark("main_end_off_node", "pipe", pipe, done), "loose_end", [drawn.code[each]])
    desk.set("pipe", "geometry", lines)


def _mains_without_return(desk: Desk, drawn: Drawn, parts: PrimaryParts, wanted: int) -> None:
    """Leave out the return pipe of a stretch of a ring."""
    rng = desk.stream(2)
    plain = _plain(desk, drawn).all(axis=1) & (drawn.degree[drawn.ends] == 2).all(axis=1)
    gone: list[int] = []
    for pipe in _tries(np.flatnonzero(plain & ~drawn.secondary & (drawn.side == "return") & (drawn.mate >= 0)), wanted, rng):
        if len(gone) == wanted:
            break
        mate = int(drawn.mate[pipe])
        neighbours = [other for node in drawn.ends[pipe] for other in drawn.pipes_at(int(node)).tolist() if other != pipe]
        codes = [*drawn.code[[pipe, mate, *neighbours]], *drawn.end_codes[pipe]]
        if len(set(neighbours)) < 2 or not desk.is_free(codes) or not parts.try_cut(pipe, whole=True):
            continue
        desk.take([*codes, *drawn.end_codes[neighbours].ravel()])
        gone.append(pipe)
        done = f"row of return pipe {drawn.code[pipe]} left out"
        _tell(desk, Mark("main_return_missing", "pipe", mate, done), "pair_missing", [drawn.code[mate]])
        for each in neighbours:
            _tell(desk, Mark("main_return_missing", "pipe", each, done), "loose_end", [drawn.code[each]])
    desk.drop("pipe", gone)


def _tell(desk: Desk, mark: Mark, rule: str, codes: Sequence[str]) -> None:
    desk.note(mark, "network", rule, codes)


def _end_moved(desk: Desk, drawn: Drawn, pipe: int, which: int, rng: np.random.Generator) -> tuple[object, str]:
    """Return the pipe's line with one end moved to where no other pipe ends and it does not cross itself; words for the sheet."""
    line = desk.frame("pipe").geometry.loc[pipe]
    before = shapely.get_coordinates(line, include_z=True)
    place = -which
    while True:
        xyz = before.copy()
        xyz[place, :2], metres = _moved(drawn, before[place, :2], rng)
        if shapely.is_simple(moved := shapely.LineString(xyz)):
            return moved, f"{'end' if which else 'start'} moved by {metres:.2f} m"


def _moved(drawn: Drawn, xy: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], float]:
    """Return a place between 0.2 and 2 m away at which no pipe ends."""
    while True:
        metres, angle = rng.uniform(*MOVED_M), rng.uniform(0.0, 2.0 * np.pi)
        place = xy + metres * np.array([np.cos(angle), np.sin(angle)])
        if drawn.is_clear(place):
            return place.round(4), float(metres)


# ---------------------------------------------------------------- trees


def _trees_cut(desk: Desk, drawn: Drawn, wanted: int) -> None:
    """Move the upper end of a pipe in the middle of a secondary tree off its tee: what hangs on it has no source."""
    rng = desk.stream(3)
    inlets = set(desk.frame("building_inlet")["code"])
    to_inlet = pd.Series(drawn.end_codes[:, 1]).isin(inlets).to_numpy()
    fits = drawn.secondary & ~to_inlet & _plain(desk, drawn)[:, 0] & (drawn.degree[drawn.ends[:, 0]] >= 3)
    stations = set(desk.frame("substation")["code"])
    lines = dict[int, object]()
    for pipe in _tries(np.flatnonzero(fits & (drawn.length_m > _SHORTEST_M)), wanted, rng):
        if len(lines) == wanted:
            break
        part = drawn.beyond(pipe, 0, _LARGEST_PART)
        nodes = set(drawn.end_codes[part].ravel()) if part else stations
        upper = drawn.end_codes[pipe, 0]
        if not nodes.isdisjoint(stations) or not desk.is_free([*nodes, *drawn.code[part]]):
            continue
        if any(drawn.ends[pipe, 0] in drawn.ends[other] for other in part[1:]):
            continue
        desk.take([upper, *nodes, *drawn.code[part]])
        lines[pipe], done = _end_moved(desk, drawn, pipe, 0, rng)
        mark = Mark("tree_end_off_node", "pipe", pipe, done)
        _tell(desk, mark, "loose_end", [drawn.code[pipe]])
        for rule in ("part_without_source", "part_not_fed"):
            _tell(desk, mark, rule, drawn.code[part].tolist())
    desk.set("pipe", "geometry", lines)


# ---------------------------------------------------------------- services


class _Services:
    """Secondary pipes from a tee of three or more pipes to an inlet; one row a trench."""

    def __init__(self, desk: Desk, drawn: Drawn) -> None:
        self.drawn = drawn
        inlets = desk.frame("building_inlet")
        rows = pd.Series(inlets.index, index=inlets["code"].to_numpy())
        supply = np.flatnonzero(drawn.secondary & (drawn.side == "supply") & (drawn.mate >= 0) & _plain(desk, drawn)[:, 0])
        supply = supply[pd.Series(drawn.end_codes[supply, 1]).isin(rows.index) & (drawn.length_m[supply] > _SHORTEST_M)]
        fits = np.ones(len(supply), bool)
        for pipes in (supply, drawn.mate[supply]):
            upper, lower = drawn.degree[drawn.ends[pipes]].T
            fits &= (upper >= 3) & (lower == 1)
        self.supply = supply[fits]
        self.inlet = rows[drawn.end_codes[self.supply, 1]].to_numpy()
        building = inlets["building_code"].loc[self.inlet].to_numpy(object)
        self.building = building
        several = inlets["building_code"].value_counts()
        self.only_inlet = pd.Series(building).map(several).to_numpy() == 1
        declared = desk.frame("building").set_index("code")["substation_code"].reindex(building)
        self.heated = declared.notna().to_numpy()

    def pick(self, desk: Desk, wanted: int, rng: np.random.Generator, *, alone: bool = False) -> Iterator[tuple[int, int, int]]:
        """Yield supply pipe, return pipe and place of services that no other fault touches, and take them.

        `alone`: the building is heated and has no other inlet.
        """
        drawn = self.drawn
        fits = self.only_inlet & self.heated if alone else np.ones(len(self.supply), bool)
        for place in rng.permutation(np.flatnonzero(fits)).tolist():
            if wanted <= 0:
                return
            supply = int(self.supply[place])
            back = int(drawn.mate[supply])
            codes = [*drawn.code[[supply, back]], *drawn.end_codes[supply], self.building[place]]
            if desk.is_free(codes):
                desk.take(codes)
                wanted -= 1
                yield supply, back, place


def _service_ends_off(desk: Desk, services: _Services, wanted: int) -> None:
    """Move the end of a service off its inlet, now of the supply, now of the return pipe."""
    rng = desk.stream(4)
    lines = dict[int, object]()
    for number, pipes in enumerate(services.pick(desk, wanted, rng)):
        pipe = pipes[number % 2]
        lines[pipe], done = _end_moved(desk, services.drawn, pipe, 1, rng)
        _tell(desk, Mark("service_end_off_inlet", "pipe", pipe, done), "loose_end", [services.drawn.code[pipe]])
    desk.set("pipe", "geometry", lines)


def _returns_missing(desk: Desk, services: _Services, wanted: int) -> None:
    """Leave out the return pipe of a service."""
    gone = []
    for supply, back, _ in services.pick(desk, wanted, desk.stream(5)):
        mark = Mark("service_return_missing", "pipe", supply, f"row of return pipe {services.drawn.code[back]} left out")
        _tell(desk, mark, "pair_missing", [services.drawn.code[supply]])
        gone.append(back)
    desk.drop("pipe", gone)


def _pairs_of_one_side(desk: Desk, services: _Services, wanted: int) -> None:
    """Call the return pipe of a service a supply pipe."""
    sides = dict[int, object]()
    for supply, back, _ in services.pick(desk, wanted, desk.stream(6)):
        mark = Mark("pair_of_one_side", "pipe", back, "side return became supply")
        _tell(desk, mark, "pair_of_one_side", services.drawn.code[[supply, back]].tolist())
        sides[back] = "supply"
    desk.set("pipe", "side", sides)


def _pipes_without_geometry(desk: Desk, services: _Services, wanted: int) -> None:
    """Take the line of a service's return pipe away: it joins nothing and is a part of its own."""
    lines = dict[int, object]()
    for _, back, _ in services.pick(desk, wanted, desk.stream(7)):
        mark, codes = Mark("pipe_without_geometry", "pipe", back, "line left out"), [services.drawn.code[back]]
        desk.note(mark, "import", "no_geometry", codes)
        for rule in ("pipe_without_geometry", "part_without_source", "part_not_fed"):
            _tell(desk, mark, rule, codes)
        lines[back] = None
    desk.set("pipe", "geometry", lines)


def _inlets_off(desk: Desk, services: _Services, wanted: int) -> None:
    """Move an inlet off its service: both pipes end at nothing, and the building has no inlet."""
    rng = desk.stream(8)
    points = dict[int, object]()
    inlets = desk.frame("building_inlet")
    for supply, back, place in services.pick(desk, wanted, rng, alone=True):
        label = int(services.inlet[place])
        xy, metres = _moved(services.drawn, shapely.get_coordinates(inlets.geometry.loc[label])[0], rng)
        points[label] = shapely.Point(xy)
        dirt, done = "inlet_off_service", f"inlet moved by {metres:.2f} m"
        for pipe in (supply, back):
            _tell(desk, Mark(dirt, "pipe", pipe, done), "loose_end", [services.drawn.code[pipe]])
        _tell(desk, Mark(dirt, "building_inlet", label, done), "inlet_off_network", [str(inlets.loc[label, "code"])])
        _tell(desk, Mark(dirt, "building", None, done), "building_without_inlet", [services.building[place]])
    desk.set("building_inlet", "geometry", points)


def _inlets_without_building(desk: Desk, services: _Services, wanted: int) -> None:
    """Let an inlet name no building."""
    names = dict[int, object]()
    inlets = desk.frame("building_inlet")
    for _, _, place in services.pick(desk, wanted, desk.stream(9), alone=True):
        label = int(services.inlet[place])
        dirt, done = "inlet_without_building", f"building_code {services.building[place]} left out"
        _tell(desk, Mark(dirt, "building_inlet", label, done), dirt, [str(inlets.loc[label, "code"])])
        _tell(desk, Mark(dirt, "building", None, done), "building_without_inlet", [services.building[place]])
        names[label] = None
    desk.set("building_inlet", "building_code", names)


# ---------------------------------------------------------------- doubles, valves


def _drawn_twice(desk: Desk, drawn: Drawn, wanted: int) -> None:
    """Draw a pipe a second time under another code, without a pair; ends at valves are left alone."""
    rng = desk.stream(10)
    inlets = set(desk.frame("building_inlet")["code"])
    plain = (_plain(desk, drawn) | pd.DataFrame(drawn.end_codes).isin(inlets).to_numpy()).all(axis=1)
    frame = desk.frame("pipe")
    copies: list[pd.Series] = []
    of: list[int] = []
    there = np.isin(np.arange(len(drawn.code)), frame.index)
    for pipe in rng.permutation(np.flatnonzero(plain & there & (drawn.mate >= 0))).tolist():
        if len(of) == wanted:
            break
        codes = [drawn.code[pipe], drawn.code[drawn.mate[pipe]], *drawn.end_codes[pipe]]
        if not desk.is_free(codes):
            continue
        desk.take(codes)
        row = frame.loc[pipe].copy()
        row["code"] = f"{row['code'][:10]}9{len(of) + 1:06d}"
        row["pair_code"] = None
        desk.take([row["code"]])
        copies.append(row)
        of.append(pipe)
    for label, pipe, row in zip(desk.append("pipe", copies), of, copies, strict=True):
        mark = Mark("drawn_twice", "pipe", label, f"copy of {drawn.code[pipe]} under another code, without pair_code")
        _tell(desk, mark, "duplicate_pipe", [row["code"], drawn.code[pipe]])
        _tell(desk, mark, "pair_missing", [row["code"]])


def _valves_off(desk: Desk, drawn: Drawn, wanted: int) -> None:
    """Move a valve off its node; never a tie, whose state parts the network."""
    rng = desk.stream(11)
    valves = desk.frame("valve")
    open_ = (valves["normal_state"] == "open").to_numpy() & ~valves["tie"].astype(bool).to_numpy()
    points = dict[int, object]()
    for row in desk.pick("valve", open_, wanted, rng):
        xy, metres = _moved(drawn, shapely.get_coordinates(row.geometry)[0], rng)
        label = label_of(row)
        points[label] = shapely.Point(xy)
        mark = Mark("valve_off_node", "valve", label, f"valve moved by {metres:.2f} m")
        _tell(desk, mark, "valve_not_between_two_pipes", [row["code"]])
    desk.set("valve", "geometry", points)
