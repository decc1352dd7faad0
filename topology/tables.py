"""`NetworkTables`: the rows from which a network is built, read by `data.network` or made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from topology.errors import BadTables

_ASSET = ("asset_id", "company_id", "area_id")
_POINT = ("lon", "lat")
COLUMNS: dict[str, tuple[str, ...]] = {
    "pipes": (*_ASSET, "pair_id", "level", "side", "length_m", "start_lon", "start_lat", "end_lon", "end_lat"),
    "valves": (*_ASSET, "pair_id", "level", "side", "state", "operability", *_POINT),
    "substations": (*_ASSET, "name", "source_id", *_POINT),
    "sources": (*_ASSET, "name", "kind", "running", *_POINT),
    "inlets": (*_ASSET, "building_id", "substation_id", *_POINT),
    "buildings": (*_ASSET, "substation_id", "heat_user_count", "heated_area_m2", "heat_load_mw", *_POINT),
    "stations": (*_ASSET, "kind", *_POINT),
}
"""Columns that each table must have."""
OPTIONAL_COLUMNS: dict[str, tuple[str, ...]] = {
    "pipes": ("start_height_m", "end_height_m"),
    "valves": ("origin",),
}
"""Columns that a table may have: heights of the ends of a pipe, origin of a valve's state (measured | reported | assumed)."""


def empty_table(name: str) -> pd.DataFrame:
    """Return the table of that name without rows."""
    return pd.DataFrame({column: [] for column in COLUMNS[name]})


@dataclass(frozen=True, eq=False)
class NetworkTables:
    """The current rows of one city's heat network. Ids are asset ids, 0 = none; positions WGS-84 degrees, NaN = none.

    Attributes
    ----------
    city_id, network_version, valve_version
        What was read; every answer carries them.
    pipes
        Pipes (管线) of the hot-water network, one row a drawn line: `level` 1 transmission, 2 primary, 3 secondary;
        `side` 1 supply, 2 return; `length_m`; positions of both ends.
    valves
        Valves (阀门): `level` and `side` as above, 0 = unknown; `state` open | closed | unknown;
        `operability` usable | stuck | no_access | tagged_out.
    substations
        Substations (换热站); `source_id` is the declared heat source.
    sources
        Plants (电厂) and boiler houses (锅炉房): `kind`, `running`.
    inlets
        Building inlets (热力入口) with the building they feed.
    buildings
        Buildings (楼栋): declared `substation_id`, `heat_user_count`, `heated_area_m2`, `heat_load_mw`.
    stations
        Other things that sit on a pipe: relay pump stations, isolating stations, accumulators (`kind`).
    """

    city_id: int
    network_version: int = 0
    valve_version: int = 0
    pipes: pd.DataFrame = field(default_factory=partial(empty_table, "pipes"))
    valves: pd.DataFrame = field(default_factory=partial(empty_table, "valves"))
    substations: pd.DataFrame = field(default_factory=partial(empty_table, "substations"))
    sources: pd.DataFrame = field(default_factory=partial(empty_table, "sources"))
    inlets: pd.DataFrame = field(default_factory=partial(empty_table, "inlets"))
    buildings: pd.DataFrame = field(default_factory=partial(empty_table, "buildings"))
    stations: pd.DataFrame = field(default_factory=partial(empty_table, "stations"))

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            missing = [column for column in columns if column not in getattr(self, name).columns]
            if missing:
                raise BadTables(f"table {name!r} lacks {', '.join(missing)}; it needs {', '.join(columns)}")
