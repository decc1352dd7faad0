"""Faults of single rows and whole files: codes, numbers, references, shapes, rows too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import affinity

from data.demo.desk import Desk, Mark
from data.demo.dirt_rollout import spoil_rollout
from data.demo.faults import Fault, commit, label_of
from data.errors import BadDemo
from gis.datums import parse_datum

_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_FAR_M = np.array([620_000.0, 40_000.0])
_BESIDE_M = (6.0, 4.0)
_ROOM_M2 = 20_000.0
"""Water for each building that is put on it."""
_REACHES_M = (300.0, 600.0, 1200.0)
"""How far from an estate a river is in town; the first that gives room counts."""
_DRAWS = 1000
"""Places that are tried for one building."""
SWAPPED_KIND = "green"
"""Kind whose file is written with latitude first."""
CONVERTED_FILE = "halls.geojson"
"""File that is declared GCJ-02 and holds WGS-84."""


def _unknown(dirt: str, kind: str, column: str, prefix: str) -> Fault:
    return Fault(
        dirt, kind, column, lambda _, place: f"{prefix}{place + 1:03d}", rule="missing_reference", checks=("reference_unknown",)
    )


def _full_width(kind: str, column: str) -> Fault:
    return Fault("full_width_digits", kind, column, lambda row, _: str(row[column]).translate(_FULL_WIDTH), rule="full_width")


def _trailing(kind: str, column: str) -> Fault:
    # one plain and one ideographic blank
    return Fault("trailing_blank", kind, column, lambda row, place: f"{row[column]}{' 　'[place % 2]}", where="none")


FAULTS = (
    Fault(
        "burial_method_unknown",
        "pipe",
        "burial_method",
        lambda _, place: ("7", "12", "埋")[place % 3],
        count=3,
        rule="unknown_code",
    ),
    Fault("flow_direction_unknown", "pipe", "flow_direction", lambda _, place: "3→"[place % 2], rule="unknown_code"),
    Fault("dn_as_text", "pipe", "dn", lambda row, _: f"DN{row['dn']}", count=3, rule="not_a_number"),
    Fault(
        "level_missing",
        "pipe",
        "network_level",
        lambda _, __: None,
        rule="missing_value",
        checks=("required_missing",),
        # a secondary pipe without level would leave its network
        only=lambda frame: frame["network_level"] == "primary",
    ),
    Fault(
        "storeys_negative", "building", "storeys", lambda row, _: -int(row["storeys"]), where="check", rule="storeys_impossible"
    ),
    Fault("year_impossible", "building", "year_built", lambda _, __: 2910, where="check", rule="year_impossible"),
    Fault(
        "district_of_code_wrong",
        "pipe",
        "code",
        lambda row, _: f"220199{row['code'][6:]}",
        where="check",
        rule="district_of_code",
    ),
    Fault(
        "source_unknown", "substation", "source_code", lambda _, __: "GLF999", count=1, where="check", rule="reference_unknown"
    ),
    _unknown("company_unknown", "substation", "company_code", "QY9"),
    _unknown("company_unknown", "pipe", "company_code", "QY9"),
    _unknown("estate_unknown", "building", "estate_code", "XQ9"),
    _unknown("building_unknown", "room_sensor", "building_code", "LD999"),
    _unknown("substation_unknown", "building_inlet", "substation_code", "HRZ9"),
    _unknown("substation_unknown", "building", "substation_code", "HRZ9"),
    _full_width("building", "substation_code"),
    _full_width("building_inlet", "building_code"),
    _trailing("building", "estate_code"),
    _trailing("building_inlet", "building_code"),
)
"""Faults of single values."""


def spoil_rows(desk: Desk, scale: int) -> None:
    """Put every fault of rows and files into the tables, `scale` times a handful; the network's faults come first."""
    _spell_diameters(desk)
    for stream, fault in enumerate(FAULTS, start=100):
        commit(desk, fault, scale, stream)
    _sides_missing(desk, scale)
    _shapes(desk, scale)
    _codes_twice(desk, scale)
    _buildings_twice(desk, scale)
    _buildings_on_river(desk, scale)
    _rate_of_no_district(desk)
    spoil_rollout(desk)
    _swapped_file(desk)
    _converted_file(desk)


def _spell_diameters(desk: Desk) -> None:
    """Make the diameters a column of text, as one that holds DN200 somewhere is."""
    diameters = desk.frame("pipe")["dn"]
    desk.set("pipe", "dn", dict(zip(diameters.index.tolist(), diameters.astype(str).tolist(), strict=True)))


def _sides_missing(desk: Desk, scale: int) -> None:
    """Leave out the side of supply pipes; the network reports the pipe and its pair."""
    pipes = desk.frame("pipe")
    mates = pipes[pipes["side"] == "return"].drop_duplicates("pair_code").set_index("pair_code")["code"]
    free = mates[[desk.is_free([code]) for code in mates]]
    fault = Fault(
        "side_missing",
        "pipe",
        "side",
        lambda _, __: None,
        rule="missing_value",
        only=lambda frame: (frame["side"] == "supply") & frame["pair_code"].isin(free.index),
    )
    for row in commit(desk, fault, scale, 140):
        mate = str(mates[row["pair_code"]])
        desk.take([mate])
        mark = Mark("side_missing", "pipe", label_of(row), "side left out")
        desk.note(mark, "network", "pipe_without_side", [row["code"]])
        desk.note(mark, "network", "pair_of_one_side", [row["code"], mate])


# ---------------------------------------------------------------- shapes


def _shapes(desk: Desk, scale: int) -> None:
    for stream, fault in enumerate(_SHAPE_FAULTS, start=141):
        commit(desk, fault, scale, stream)


def _shape_fault(dirt: str, kind: str, rule: str, worse: Callable[[shapely.Geometry], shapely.Geometry]) -> Fault:
    checks = ("geometry_missing",) if rule in {"empty_geometry", "outside_city"} else ()
    only = _leaves_room if worse is _bow_tie else None
    done = dirt.replace("_", " ")
    return Fault(dirt, kind, "geometry", lambda row, _: worse(row["geometry"]), rule=rule, done=done, only=only, checks=checks)


def _bow_tie(outline: shapely.Geometry) -> shapely.Geometry:
    """Return the slanting box around an outline with two corners exchanged: nothing of it lies in a neighbour."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(outline))[:4]
    return shapely.Polygon(corners[[0, 2, 1, 3]])


def _leaves_room(frame: pd.DataFrame) -> pd.Series:
    """Tell which buildings half their outline would hold the heated area of: nothing else is wrong with them then."""
    if "heated_area_m2" not in frame or "storeys" not in frame:
        return pd.Series(True, index=frame.index)
    half_m2 = pd.Series(shapely.area(frame.geometry.to_numpy()) / 2.0, index=frame.index)
    return ~(frame["heated_area_m2"].astype(float) > 1.4 * half_m2 * frame["storeys"].astype(float))


def _far_away(point: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(point, lambda xy: xy + _FAR_M)


_SHAPE_FAULTS = (
    _shape_fault("outline_crosses_itself", "building", "invalid_geometry", _bow_tie),
    _shape_fault("outline_empty", "building", "empty_geometry", lambda _: shapely.Polygon()),
    _shape_fault("point_far_outside", "pipe_point", "outside_city", _far_away),
    _shape_fault("point_far_outside", "room_sensor", "outside_city", _far_away),
)


# ---------------------------------------------------------------- rows too many


@dataclass(frozen=True, slots=True)
class _Copy:
    """A row, its changed copy, and the label of that."""

    row: pd.Series
    copy: pd.Series
    label: int


def _copies(desk: Desk, rows: Sequence[pd.Series], kind: str, change: Callable[[pd.Series, int], None]) -> list[_Copy]:
    """Add changed copies of rows."""
    copies = [row.copy() for row in rows]
    for place, copy in enumerate(copies):
        change(copy, place)
    return [_Copy(*parts) for parts in zip(rows, copies, desk.append(kind, copies), strict=True)]


def _pick_placed(desk: Desk, kind: str, count: int, stream: int, only: Sequence[str] | None = None) -> list[pd.Series]:
    """Take rows with geometry, of some substations only."""
    frame = desk.frame(kind)
    if "geometry" not in frame:
        return []
    mask = frame.geometry.map(lambda shape: shape is not None and not shape.is_empty)
    if only is not None:
        mask &= frame["substation_code"].isin(only)
    return list(desk.pick(kind, mask.to_numpy(np.bool_), count, desk.stream(stream)))


def _codes_twice(desk: Desk, scale: int) -> None:
    """Give a second thing, a few metres further, the code of the first."""

    def beside(row: pd.Series, _: int) -> None:
        row["geometry"] = shapely.transform(row["geometry"], lambda xy: xy + _BESIDE_M)

    for stream, kind in enumerate(("building", "pipe_point", "room_sensor"), start=145):
        for each in _copies(desk, _pick_placed(desk, kind, 2 * scale, stream), kind, beside):
            mark = Mark("code_twice", kind, each.label, "another row with this code")
            desk.note(mark, "import", "duplicate_code", [each.row["code"]])


def _buildings_twice(desk: Desk, scale: int) -> None:
    """Draw heated buildings a second time under other codes; these have no inlet."""

    def other_code(row: pd.Series, place: int) -> None:
        row["code"] = f"LD8{place + 1:05d}"

    rows = _pick_placed(desk, "building", 3 * scale, 148, desk.frame("substation")["code"].tolist())
    for each in _copies(desk, rows, "building", other_code):
        mark = Mark("building_twice", "building", each.label, f"outline of {each.row['code']} under another code")
        both = [each.row["code"], each.copy["code"]]
        desk.note(mark, "network", "building_without_inlet", [each.copy["code"]])
        desk.note(mark, "check", "building_twice", both)
        if each.row.get("name") and each.row.get("address"):
            desk.note(mark, "check", "same_name_address", both)


def _buildings_on_river(desk: Desk, scale: int) -> None:
    """Put buildings without heat on the river."""
    water = desk.frame("water")
    if "geometry" not in water:
        return
    shapes = water.geometry.to_numpy()
    longest = int(np.argmax(shapely.length(shapes)))
    river, river_code = shapes[longest], str(water["code"].iloc[longest])
    rng = desk.stream(149)
    pipes = shapely.STRtree([line for line in desk.frame("pipe").geometry if line is not None])
    river = _in_town(desk, river, 2 * scale)
    placed: list[shapely.Geometry] = []

    def on_river(row: pd.Series, place: int) -> None:
        row["geometry"] = _free_place(row["geometry"], lambda: _place_on(river, rng), pipes, placed)
        placed.append(row["geometry"])
        row["code"], row["name"], row["substation_code"] = f"LD7{place + 1:05d}", f"示例河{place + 1}号楼", None
        row["heated_area_m2"], row["heat_user_count"], row["heat_load_mw"] = 0.0, 0, 0.0

    for each in _copies(desk, _pick_placed(desk, "building", 2 * scale, 150), "building", on_river):
        mark = Mark("building_on_river", "building", each.label, "a building without heat added on the river")
        desk.note(mark, "check", "building_on_water", [each.copy["code"], river_code])
        _note_estate(desk, mark, each.copy)


def _in_town(desk: Desk, river: shapely.Geometry, count: int) -> shapely.Geometry:
    """Return the part of a river near estates with room for so many buildings: a river leaves the city."""
    estates = desk.frame("estate")
    if "geometry" not in estates:
        return river
    hull = shapely.convex_hull(shapely.multipoints(shapely.get_coordinates(estates.geometry.dropna().to_numpy())))
    for reach_m in _REACHES_M:
        near = shapely.intersection(river, shapely.union_all(shapely.buffer(estates.geometry.to_numpy(), reach_m)))
        if shapely.area(near) > _ROOM_M2 * count:
            return near
    inside = shapely.intersection(river, hull)
    return river if shapely.is_empty(inside) else shapely.union_all(inside)


def _free_place(
    outline: shapely.Geometry,
    draw: Callable[[], NDArray[np.float64]],
    pipes: shapely.STRtree,
    placed: Sequence[shapely.Geometry],
) -> shapely.Geometry:
    """Return an outline moved to a drawn place where no pipe crosses and none that was placed before lies."""
    for _ in range(_DRAWS):
        shift = draw() - shapely.get_coordinates(shapely.centroid(outline))[0]
        moved = affinity.translate(outline, *shift)
        if not len(pipes.query(moved, predicate="intersects")) and not shapely.intersects(moved, list(placed)).any():
            return moved
    raise BadDemo(f"no room for another building on the river after {_DRAWS} draws; {len(placed)} are placed")


def _note_estate(desk: Desk, mark: Mark, row: pd.Series) -> None:
    """Tell that a building lies outside the estate that it names."""
    estates = desk.frame("estate")
    if "geometry" not in estates or "estate_code" not in row:
        return
    own = estates[estates["code"] == row["estate_code"]]
    if len(own) and shapely.distance(own.geometry.iloc[0], row["geometry"]) > 1.0:
        desk.note(mark, "check", "building_outside_estate", [row["code"], row["estate_code"]])


def _place_on(shape: shapely.Geometry, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the middle of a random cut through a part of a shape, the parts drawn by their area."""
    parts = shapely.get_parts(shape)
    areas = shapely.area(parts)
    part = parts[rng.choice(len(parts), p=areas / areas.sum())]
    west, south, east, north = shapely.bounds(part)
    y = rng.uniform(south, north)
    cuts = shapely.get_parts(shapely.intersection(part, shapely.LineString([(west, y), (east, y)])))
    middle = shapely.line_interpolate_point(cuts[np.argmax(shapely.length(cuts))], 0.5, normalized=True)
    place: NDArray[np.float64] = shapely.get_coordinates(middle)[0]
    return place


def _rate_of_no_district(desk: Desk) -> None:
    rates = desk.frame("rollout_rate")
    if "area_code" not in rates:
        return
    row = rates.iloc[-1].copy()
    row["area_code"] = "220199"
    (label,) = desk.append("rollout_rate", [row])
    mark = Mark("district_unknown", "rollout_rate", label, "a row of a district that does not exist added")
    desk.note(mark, "import", "bad_row", ["220199"])


# ---------------------------------------------------------------- files


def _swapped_file(desk: Desk) -> None:
    table = desk.table(SWAPPED_KIND)
    if table is not None:
        table.sheet = replace(table.sheet, swapped=True)
        mark = Mark("axes_swapped", SWAPPED_KIND, None, "latitude before longitude in the whole file")
        desk.note(mark, "import", "swapped_axes", [])


def _converted_file(desk: Desk) -> None:
    table = desk.table("building", CONVERTED_FILE)
    if table is not None:
        table.sheet = replace(table.sheet, datum=parse_datum("wgs84"))
        done = "holds WGS-84, the manifest says GCJ-02: everything lands 0.5 km away"
        desk.note(Mark("converted_already", "building", None, done, CONVERTED_FILE), "check", "converted_already", [])
