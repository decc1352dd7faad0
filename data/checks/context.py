"""What a run works with: the connection inside its transaction, the city, the values of the statements, the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any, TypeAlias

import pandas as pd
from psycopg.types.json import Jsonb

from data.network import read_network_tables
from data.pool import Connection
from data.statements import sql
from topology.build.joining import Joined, join
from topology.network import Network, build_network
from topology.tables import NetworkTables

Repair: TypeAlias = Mapping[str, Any]
"""What would mend a problem: `action` (key of `twin.checks.ACTIONS`), `values` for its words, `edits` (see `edit`)."""

_EQUATOR_M = 6378137.0
_ECCENTRICITY_SQUARED = 0.00669437999014


@dataclass(frozen=True, slots=True)
class Found:
    """One problem found by arrays; the first asset is the one that it is about."""

    rule: str
    key: str
    asset_ids: tuple[int, ...]
    position: tuple[float, float] | None = None
    detail: Mapping[str, Any] | None = None
    repair: Repair | None = None


def edit(asset_id: int, **change: Any) -> dict[str, Any]:
    """Return one edit of a repair: `attributes` (merged), `geometry` (EWKB as hexadecimal digits) or `retire`."""
    return {"asset_id": int(asset_id), **change}


def set_value(asset_id: int, attribute: str, value: object) -> Repair:
    """Return the repair that sets one attribute of one asset."""
    values = {"attribute": attribute, "value": value}
    return {"action": "set_value", "values": values, "edits": [edit(asset_id, attributes={attribute: value})]}


class Context:
    """A run while its transaction is open."""

    def __init__(self, connection: Connection, city_id: int, values: Mapping[str, Any]) -> None:
        self.connection = connection
        self.city_id = city_id
        self.values = {"city_id": city_id, **values}
        self._done: set[str] = set()

    def execute(self, name: str, more: Mapping[str, Any] | None = None) -> int:
        """Run a statement of `data/sql` and return how many rows it wrote."""
        return self.connection.execute(sql(name), {**self.values, **(more or {})}).rowcount

    def once(self, names: Iterable[str]) -> None:
        """Run statements that have not run yet: they make what several rules read."""
        for name in names:
            if name not in self._done:
                self._done.add(name)
                self.execute(name)

    def read(self, name: str, *, texts: Sequence[str] = ()) -> pd.DataFrame:
        """Return what a COPY statement gives; the columns named are texts."""
        with self.connection.cursor() as cursor, cursor.copy(sql(name), self.values) as copy:
            data = b"".join(bytes(block) for block in copy)
        return pd.read_csv(
            BytesIO(data), dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values={"lon": [""], "lat": [""]}
        )

    def insert(self, found: Iterable[Found]) -> None:
        """Put what arrays have found beside what statements have."""
        # all of them first: one that reads what it needs only now would wait for the copy, and the copy for it
        rows = list(found)
        with self.connection.cursor() as cursor, cursor.copy(sql("check_copy")) as copy:
            for item in rows:
                lon, lat = item.position or (None, None)
                repair = None if item.repair is None else Jsonb(item.repair)
                copy.write_row(
                    (item.rule, item.key, list(item.asset_ids), item.asset_ids[0], lon, lat, Jsonb(item.detail or {}), repair)
                )

    def propose(self, repairs: Mapping[tuple[str, str], Repair]) -> None:
        """Give problems found (by rule and key) their repairs."""
        if repairs:
            rules, keys = zip(*repairs, strict=True)
            values = {"rules": list(rules), "keys": list(keys), "repairs": [Jsonb(repair) for repair in repairs.values()]}
            self.execute("check_propose", values)

    @cached_property
    def tables(self) -> NetworkTables:
        """The tables of the city's heat network."""
        return read_network_tables(self.connection, self.city_id)

    @cached_property
    def network(self) -> Network:
        """The network built from them."""
        return build_network(self.tables)

    @cached_property
    def joined(self) -> Joined:
        """The nodes of the drawing."""
        return join(self.tables)[0]

    @cached_property
    def codes(self) -> pd.Series:
        """Code of each asset of the network, by id."""
        frame = self.read("check_network_assets", texts=("code",))
        return pd.Series(frame["code"].to_numpy(), index=frame["asset_id"].to_numpy())


def local_scale(connection: Connection, city_id: int) -> dict[str, float]:
    """Return the middle of a city and the metres of a degree there: right to 1 % within 100 km."""
    row = connection.execute(sql("check_centre"), {"city_id": city_id}).fetchone()
    lon, lat = (float(value) if value is not None else 0.0 for value in (row or (None, None)))
    magic = 1.0 - _ECCENTRICITY_SQUARED * math.sin(math.radians(lat)) ** 2
    return {
        "lon": lon,
        "lat": lat,
        "east_m": math.radians(_EQUATOR_M / math.sqrt(magic) * math.cos(math.radians(lat))),
        "north_m": math.radians(_EQUATOR_M * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5),
    }


Finder: TypeAlias = Callable[[Context], None]
