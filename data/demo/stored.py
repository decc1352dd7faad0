"""What the store says about a city, for the commands that load a demo city and score checks on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data.imports.problems import Problem
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


def last_problems(connection: Connection, city_id: int) -> tuple[Problem, ...]:
    """Return the problems that the last import of a city listed; none when there was no import."""
    row = connection.execute(sql("demo_problems"), {"city_id": city_id}).fetchone()
    return () if row is None else tuple(Problem(**problem) for problem in row[0])


def codes_of(connection: Connection, city_id: int, asset_ids: Iterable[int]) -> dict[int, str]:
    """Return the codes of some assets."""
    values = {"city_id": city_id, "asset_ids": sorted(set(asset_ids))}
    return {int(asset_id): str(code) for asset_id, code in connection.execute(sql("demo_codes"), values).fetchall()}
