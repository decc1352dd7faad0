"""Reads what the hydraulic solver needs beyond the network: diameters, heights, loads, powers, pump heads."""

from __future__ import annotations

from io import BytesIO

import pandas as pd

from data.network import read_versions
from data.pool import Connection
from data.statements import sql
from topology.hydraulics.tables import HYDRAULIC_COLUMNS, HydraulicTables

_TEXTS = frozenset(("kind", "pumped_side"))
_INTEGERS = frozenset(("asset_id", "level"))


def read_hydraulic_tables(connection: Connection, city_id: int) -> HydraulicTables:
    """Read sizes and loads of a city's primary network.

    Raises
    ------
    NotFound
        When there is no such city.

    Notes
    -----
    Read it in one transaction with `read_network_tables`, or a change between the two may leave pipes without a size. Cost: 0.6 s
    for a city of 40,000 primary pipes.
    """
    with connection.transaction():
        read_versions(connection, city_id)
        frames = {name: _read(connection, name, city_id) for name in HYDRAULIC_COLUMNS}
    return HydraulicTables(**frames)


def _read(connection: Connection, name: str, city_id: int) -> pd.DataFrame:
    with connection.cursor() as cursor, cursor.copy(sql(f"hydraulic_{name}"), {"city_id": city_id}) as copy:
        text = b"".join(bytes(block) for block in copy)
    columns = HYDRAULIC_COLUMNS[name]
    types = {column: "int64" if column in _INTEGERS else "str" if column in _TEXTS else "float64" for column in columns}
    unknown = {column: [""] for column in columns if types[column] == "float64"}
    return pd.read_csv(BytesIO(text), dtype=types, keep_default_na=False, na_values=unknown)
