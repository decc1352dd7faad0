"""What the tables declare about who feeds whom, to be compared with the drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topology.assets import AssetTable
from topology.tables import NetworkTables

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Declared:
    """Declared chains; rows of the `AssetTable`.

    Attributes
    ----------
    substation_of
        Declared substation of each row that is a building, -1 = none or unknown, shape (assets,).
    source_of
        Declared heat source of each row that is a substation, -1 = none or unknown, shape (assets,).
    """

    substation_of: Rows
    source_of: Rows


def read_declared(tables: NetworkTables, assets: AssetTable) -> Declared:
    """Return the declared chains of the tables."""
    return Declared(
        _column(assets, tables.buildings["asset_id"].to_numpy(), tables.buildings["substation_id"].to_numpy()),
        _column(assets, tables.substations["asset_id"].to_numpy(), tables.substations["source_id"].to_numpy()),
    )


def _column(assets: AssetTable, asset_id: NDArray[np.generic], declared_id: NDArray[np.generic]) -> Rows:
    column = np.full(assets.asset_id.size, -1, np.int32)
    if asset_id.size:
        column[assets.rows_of(asset_id)] = assets.rows_of(declared_id)
    return column
