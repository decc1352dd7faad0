"""Reads what answers say about consumers beyond the network's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import scope_parameters, sql
from topology.network import Network
from twin.consumers import BRANCH_COLUMNS, BUILDING_COLUMNS, NAMED_COLUMNS, Consumers, consumers
from twin.scope import Scope

ALONG_BRANCH_M = 5.0
"""A pipe lies along a branch when both its ends are as near as this: the two pipes of a trench and its drawn axis."""
_TEXTS = frozenset(("kind", "name", "critical_use", "energy_class"))


def read_consumers(connection: Connection, network: Network) -> Consumers:
    """Read estates, companies, hospitals, schools, energy classes and declared branches of a network's city.

    Notes
    -----
    Three statements whatever is asked later. Cost: 0.4 s for 50,000 buildings, once a network version.
    """
    frames = {
        name: _read(connection, name, columns, network.city_id)
        for name, columns in (("buildings", BUILDING_COLUMNS), ("named", NAMED_COLUMNS), ("branches", BRANCH_COLUMNS))
    }
    return consumers(network, **frames)


def read_normal_states(connection: Connection, city_id: int) -> dict[int, str]:
    """Return the normal state of every valve of a city by asset id."""
    rows = connection.execute(sql("coverage_normal_states"), {"city_id": city_id})
    return {int(asset_id): str(state) for asset_id, state in rows}


def _read(connection: Connection, name: str, columns: tuple[str, ...], city_id: int) -> pd.DataFrame:
    with connection.cursor() as cursor, cursor.copy(sql(f"consumer_{name}"), {"city_id": city_id}) as copy:
        text = b"".join(bytes(block) for block in copy)
    types = {column: str if column in _TEXTS else np.float64 if column == "year_built" else np.int64 for column in columns}
    return pd.read_csv(BytesIO(text), dtype=types, keep_default_na=False, na_values={"year_built": [""]})


async def read_branch_pipes(pool: Pool, scope: Scope, city_id: int, branch_id: int) -> list[int]:
    """Return the pipes of both sides that run along a plant branch that the scope holds, by rising asset id.

    The traces run on the whole network, so the pipes themselves need not be visible.
    """
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("consumer_branch_pipes"), *parameters, branch_id, ALONG_BRANCH_M)
    return [int(row["asset_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Branch:
    """A plant branch with the plant and the company that it is declared to; None = none."""

    name: str
    plant_id: int | None
    plant_name: str
    company_id: int | None
    company_name: str


async def read_branch(pool: Pool, scope: Scope, city_id: int, branch_id: int) -> Branch:
    """Return a plant branch that the scope holds.

    Raises
    ------
    NotFound
        When there is none of that id, or the scope does not hold it.
    """
    row = await pool.fetchrow(sql("consumer_branch"), *scope_parameters(scope, city_id).as_tuple(), branch_id)
    if row is None:
        raise NotFound(f"there is no plant branch {branch_id} in city {city_id}")
    return Branch(row["name"], row["plant_id"], row["plant_name"] or "", row["company_id"], row["company_name"] or "")
