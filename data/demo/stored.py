"""What the store says about a city, for the command that loads a demo city."""

from __future__ import annotations

from dataclasses import dataclass

from data.pool import Connection
from data.statements import sql


@dataclass(frozen=True, slots=True)
class StoredCity:
    """A city in the store: id, Chinese name, whether it is synthetic."""

    city_id: int
    name_zh: str
    synthetic: bool


def find_stored(connection: Connection, city_id: int) -> StoredCity | None:
    """Return the city of that id, None when there is none."""
    row = connection.execute(sql("demo_stored"), {"city_id": city_id}).fetchone()
    return None if row is None else StoredCity(*row)
