"""What the exchange interface asks of the store beside the records of what measures where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.scope import Scope


@dataclass(frozen=True, slots=True)
class Facility:
    """An asset that a facility's code or name means."""

    asset_id: int
    kind: str
    code: str
    name: str


async def find_facilities(pool: Pool, scope: Scope, city_id: int, words: Sequence[str]) -> dict[str, list[Facility]]:
    """Return the assets within a scope that have one of the words as their code or name; several may share one."""
    found: dict[str, list[Facility]] = {}
    for row in await pool.fetch(sql("exchange_facilities"), *scope_parameters(scope, city_id).as_tuple(), list(set(words))):
        facility = Facility(**dict(row))
        for word in {facility.code, facility.name}:
            found.setdefault(word, []).append(facility)
    return found


async def find_devices(pool: Pool, scope: Scope, city_id: int, device_codes: Sequence[str]) -> dict[str, str]:
    """Return the identification code of each measuring device within a scope, by device code."""
    parameters = scope_parameters(scope, city_id).as_tuple()
    rows = await pool.fetch(sql("exchange_devices"), *parameters, list(set(device_codes)))
    return {row["device_code"]: row["bsm"] for row in rows}
