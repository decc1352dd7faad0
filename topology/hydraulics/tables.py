"""`HydraulicTables`: what the solver needs beyond `NetworkTables`: diameters, heights, loads, powers, pump heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from topology.errors import BadTables

HYDRAULIC_COLUMNS: dict[str, tuple[str, ...]] = {
    "pipes": ("asset_id", "level", "length_m", "inner_diameter_mm", "start_z_m", "end_z_m"),
    "substations": ("asset_id", "heat_load_mw"),
    "sources": ("asset_id", "design_power_mw"),
    "stations": ("asset_id", "kind", "head_mpa", "pumped_side", "design_power_mw"),
}
"""Columns that each table must have."""


def empty_hydraulic_table(name: str) -> pd.DataFrame:
    """Return the table of that name without rows."""
    return pd.DataFrame({column: [] for column in HYDRAULIC_COLUMNS[name]})


@dataclass(frozen=True, eq=False)
class HydraulicTables:
    """Sizes and loads of one city's primary network. Ids are asset ids; NaN or an empty text = unknown.

    Attributes
    ----------
    pipes
        Transmission and primary pipes: `level` 1 transmission, 2 primary; `length_m`; `inner_diameter_mm`; height of the axis at
        both ends above the sea.
    substations
        `heat_load_mw` of what hangs on each.
    sources
        `design_power_mw` of plants and boiler houses.
    stations
        Stations on the transmission mains: `kind`; `head_mpa` and `pumped_side` (supply | return | both) of a relay pump station;
        `design_power_mw` of an isolating or relay energy station.
    """

    pipes: pd.DataFrame = field(default_factory=partial(empty_hydraulic_table, "pipes"))
    substations: pd.DataFrame = field(default_factory=partial(empty_hydraulic_table, "substations"))
    sources: pd.DataFrame = field(default_factory=partial(empty_hydraulic_table, "sources"))
    stations: pd.DataFrame = field(default_factory=partial(empty_hydraulic_table, "stations"))

    def __post_init__(self) -> None:
        for name, columns in HYDRAULIC_COLUMNS.items():
            missing = [column for column in columns if column not in getattr(self, name).columns]
            if missing:
                raise BadTables(f"table {name!r} lacks {', '.join(missing)}; it needs {', '.join(columns)}")
