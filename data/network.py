"""Reads the tables of a city's heat network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg.pq import TransactionStatus

from data.errors import NotFound
from data.pool import Connection, Pool
from data.statements import sql
from topology.assets import KINDS
from topology.network import Network, build_network
from topology.tables import COLUMNS, OPTIONAL_COLUMNS, NetworkTables
from twin.scope import Scope

ValveState: TypeAlias = Literal["open", "closed", "unknown"]
StateOrigin: TypeAlias = Literal["measured", "reported", "assumed"]

_POSITIONS = ("start_lon", "start_lat", "end_lon", "end_lat", "lon", "lat")
_FLOATS = frozenset((*_POSITIONS, "start_height_m", "end_height_m", "length_m", "heated_area_m2", "heat_load_mw"))
_TEXTS = frozenset(("name", "kind", "state", "operability", "origin"))


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions of a city's network and of its valve states."""

    network_version: int
    valve_version: int


def first_city(connection: Connection) -> int:
    """Return the lowest city id.

    Raises
    ------
    NotFound
        When no city has been imported.
    """
    row = connection.execute(sql("network_first_city")).fetchone()
    if row is None or row[0] is None:
        raise NotFound("no city has been imported yet; `heat-twin demo` loads the sample city")
    return int(row[0])


def read_versions(connection: Connection, city_id: int) -> Versions:
    """Return the versions of a city.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    row = connection.execute(sql("network_version"), {"city_id": city_id}).fetchone()
    if row is None:
        raise NotFound(f"there is no city {city_id}")
    return Versions(*row)


@dataclass(frozen=True, slots=True)
class NetworkRead:
    """Tables with the mark from which on later writes are told.

    Attributes
    ----------
    tables
        The rows.
    mark
        Transaction id: rows that the snapshot did not show are of this transaction or a later one.
    """

    tables: NetworkTables
    mark: str


def read_network_tables(connection: Connection, city_id: int) -> NetworkTables:
    """Read the current rows of a city's heat network; see `read_marked`."""
    return read_marked(connection, city_id).tables


def read_marked(connection: Connection, city_id: int) -> NetworkRead:
    """Read the current rows of a city's heat network, and when that was.

    Parameters
    ----------
    connection
        A connection; all tables are read in one snapshot (repeatable read) unless a transaction is already open on it.
    city_id
        The city.

    Raises
    ------
    NotFound
        When there is no such city.

    Notes
    -----
    PostGIS gives the ends of the lines; no geometry is parsed here. Cost: see docs/topology.md.
    """
    with one_snapshot(connection):
        versions = read_versions(connection, city_id)
        mark = read_mark(connection)
        frames = {name: read_table(connection, name, city_id) for name in COLUMNS}
    return NetworkRead(NetworkTables(city_id, versions.network_version, versions.valve_version, **frames), mark)


@contextmanager
def one_snapshot(connection: Connection) -> Iterator[None]:
    """Read everything as of one moment, unless a transaction is open on the connection already."""
    fresh = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction():
        if fresh:
            connection.execute(sql("network_snapshot"))
        yield


def read_mark(connection: Connection) -> str:
    """Return the transaction from which on somebody may have written what the snapshot of the transaction does not show."""
    row = connection.execute(sql("network_mark")).fetchone()
    assert row is not None  # a function has a row
    return str(row[0])


def read_table(connection: Connection, name: str, city_id: int, only: Sequence[int] | None = None) -> pd.DataFrame:
    """Read one table of `NetworkTables`, or of it only the rows of some assets."""
    values = {"city_id": city_id, "only": None if only is None else list(only)}
    with connection.cursor() as cursor, cursor.copy(sql(f"network_{name}"), values) as copy:
        text = b"".join(bytes(block) for block in copy)
    columns = (*COLUMNS[name], *OPTIONAL_COLUMNS.get(name, ()))
    types: dict[str, Any] = {column: _type(column) for column in columns}
    frame = pd.read_csv(BytesIO(text), dtype=types, keep_default_na=False, na_values={c: [""] for c in columns if c in _FLOATS})
    return frame.astype({"running": bool}) if "running" in frame else frame


def _type(column: str) -> type:
    if column in _FLOATS:
        return float
    return str if column in _TEXTS else np.int64


def read_network(connection: Connection, city_id: int) -> Network:
    """Read the tables of a city and build its network.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    return build_network(read_network_tables(connection, city_id))


@dataclass(frozen=True, slots=True)
class RecordedStates:
    """What has been recorded of valves and sources; everything else is in its normal state.

    Attributes
    ----------
    valves, operability, origins
        State, operability (where none was reported: as drawn) and origin of the state, by asset id of the valve.
    sources
        Whether it runs, by asset id of the source.
    valve_version
        Version of all that.
    """

    valves: Mapping[int, str]
    operability: Mapping[int, str]
    origins: Mapping[int, str]
    sources: Mapping[int, bool]
    valve_version: int


def read_recorded_states(connection: Connection, city_id: int) -> RecordedStates:
    """Return what has been recorded of the valves and sources of a city.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    # the version first: states read later can only be newer, and a newer version then reads them once more
    version = read_versions(connection, city_id).valve_version
    rows = connection.execute(sql("network_states"), {"city_id": city_id}).fetchall()
    sources = connection.execute(sql("network_source_states"), {"city_id": city_id}).fetchall()
    return RecordedStates(
        valves={row[0]: row[1] for row in rows},
        operability={row[0]: row[2] for row in rows},
        origins={row[0]: row[3] for row in rows},
        sources={row[0]: row[1] for row in sources},
        valve_version=version,
    )


def read_valve_states(connection: Connection, city_id: int) -> tuple[dict[int, str], int]:
    """Return the present state of every valve of a city, and the version of the states.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    # the version first: states read later can only be newer, and a newer version then reads them once more
    version = read_versions(connection, city_id).valve_version
    rows = connection.execute(sql("network_valve_states"), {"city_id": city_id}).fetchall()
    return {int(asset_id): str(state) for asset_id, state in rows}, version


async def current_versions(pool: Pool, city_id: int) -> Versions:
    """Return the versions of a city: one row by its key, for every request that traces.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    row = await pool.fetchrow(sql("network_versions"), city_id)
    if row is None:
        raise NotFound(f"there is no city {city_id}; `heat-twin demo` loads the sample city")
    return Versions(row["network_version"], row["valve_version"])


async def city_ids(pool: Pool) -> list[int]:
    """Return the cities that have assets, by rising id."""
    return [int(row["city_id"]) for row in await pool.fetch(sql("network_cities"))]


def visible_rows(network: Network, scope: Scope) -> NDArray[np.bool_]:
    """Tell for every asset of the network whether a scope holds it; the same rule as the SQL predicate."""
    assets = network.assets
    visible = np.ones(assets.asset_id.size, bool)
    if scope.layers is not None:
        allowed = np.array([scope.allows_layer(kind) for kind in KINDS])
        visible &= allowed[assets.kind]
    if scope.areas is not None:
        visible &= np.isin(assets.area_id, scope.areas)
    if scope.company_ids is not None:
        visible &= (assets.company_id == 0) | np.isin(assets.company_id, scope.company_ids)
    return visible
