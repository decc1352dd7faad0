"""Reads what sits on pipes: valves, chambers and located points."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from data.pool import Connection
from data.statements import scope_parameters, sql
from data.tiles import rounding_grid_m
from twin.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class FittingPoints:
    """Fittings of a city by rising asset id; all arrays have one length.

    Attributes
    ----------
    asset_ids
        Their ids.
    codes, kinds, point_types
        Texts; a point type only of located points.
    dn_mm, cover_m
        Nominal diameter and burial depth; NaN where not known.
    lonlat_deg
        WGS-84, shape (n, 2).
    """

    asset_ids: NDArray[np.uint32]
    codes: NDArray[Any]
    kinds: NDArray[np.str_]
    point_types: NDArray[np.str_]
    dn_mm: NDArray[np.float64]
    cover_m: NDArray[np.float64]
    lonlat_deg: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.asset_ids)

    def take(self, rows: NDArray[np.int64]) -> FittingPoints:
        """Return some fittings, in the order given."""
        return FittingPoints(*(getattr(self, each.name)[rows] for each in fields(self)))


def read_fitting_points(connection: Connection, city_id: int, scope: Scope = EVERYTHING) -> FittingPoints:
    """Return valves, chambers and located points of a city that a Scope holds, rounded to its grid.

    Raises
    ------
    OutsideScope
        When the scope does not hold the city.
    """
    parameters = (*scope_parameters(scope, city_id).as_tuple(), rounding_grid_m(scope))
    rows = psycopg.RawCursor(connection).execute(sql("fitting_points"), parameters).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    points = shapely.from_wkb(np.array(columns[6], dtype=object))
    return FittingPoints(
        asset_ids=np.array(columns[0], dtype=np.uint32),
        codes=np.array(columns[1], dtype=object),
        kinds=np.array(columns[2], dtype=np.str_),
        point_types=np.array(columns[3], dtype=np.str_),
        dn_mm=np.array(columns[4], dtype=np.float64),
        cover_m=np.array(columns[5], dtype=np.float64),
        lonlat_deg=np.column_stack([shapely.get_x(points), shapely.get_y(points)]).reshape(-1, 2),
    )
