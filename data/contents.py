"""Reads what a city holds: the sums that are derived with the tile tables, and the files that it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data.assets import round_position
from data.errors import NotFound
from data.pool import Pool
from data.statements import scope_parameters, sql
from twin.city_layers import CITY_LAYERS, PARTS, layer_key
from twin.scope import Scope

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""


@dataclass(frozen=True, slots=True)
class ContentsVersion:
    """The city, and everything that a change of its contents changes.

    Attributes
    ----------
    counted_version, counted_at
        Version of the assets that the sums are of, and when they were made.
    import_id
        Last import; None when the city came otherwise.
    raster_at
        When the last raster layer was added.
    """

    name_zh: str
    name_en: str
    synthetic: bool
    attribution: str
    assets_version: int
    counted_version: int
    counted_at: datetime
    import_id: int | None
    raster_at: datetime | None

    @property
    def key(self) -> tuple[object, ...]:
        """Part of the key of a cached answer."""
        return (self.assets_version, self.counted_version, self.counted_at, self.import_id, self.raster_at)


@dataclass(frozen=True, slots=True)
class KindCount:
    """Visible assets of one kind and network level, or rows of one register; the box is None where none has a place."""

    kind: str
    level: str
    asset_count: int
    placed_count: int
    supply_length_m: float
    heat_user_count: float
    heated_area_m2: float
    box_wgs84: Box | None


@dataclass(frozen=True, slots=True)
class DeliveredLayer:
    """One delivered layer as its last import reported it; the conversion is None for a layer without places."""

    layer: str
    file: str
    kind: str
    read_count: int
    rejected_count: int
    import_id: int
    imported_at: datetime
    datum: str | None
    evidence: str | None
    operation: str | None
    accuracy_m: float | None
    vertex_count: int | None


async def read_version(pool: Pool, city_id: int) -> ContentsVersion:
    """Return the city and the versions of what it holds.

    Raises
    ------
    NotFound
        When there is no such city, or its assets have not been counted.
    """
    row = await pool.fetchrow(sql("contents_version"), city_id)
    if row is None:
        raise NotFound(f"there is no city {city_id}")
    if row["counted_at"] is None:
        raise NotFound(f"the assets of city {city_id} are not counted; `heat-twin tiles rebuild` counts them")
    return ContentsVersion(**row)


async def count_kinds(pool: Pool, scope: Scope, city_id: int) -> list[KindCount]:
    """Return the visible assets by kind and network level. Cost: one pass over a few thousand sums, whatever the city holds."""
    rows = await pool.fetch(sql("contents_counts"), *scope_parameters(scope, city_id).as_tuple())
    return [
        KindCount(
            kind=row["kind"],
            level=row["level"],
            asset_count=row["asset_count"],
            placed_count=row["placed_count"],
            supply_length_m=row["supply_length_m"],
            heat_user_count=row["heat_user_count"],
            heated_area_m2=row["heated_area_m2"],
            box_wgs84=_rounded((row["west"], row["south"], row["east"], row["north"]), scope),
        )
        for row in rows
    ]


async def count_layers(pool: Pool, scope: Scope, city_id: int, kinds: Sequence[KindCount]) -> dict[str, int]:
    """Return the visible assets of each of the 23 layers of CC-21 (`twin.city_layers`), by its name.

    `kinds` are the counts of `count_kinds`. Cost: one pass over the pipes, 0.3 s for 194,000.
    """
    parts = list(PARTS), list(PARTS.values())
    rows = await pool.fetch(sql("contents_layers"), *scope_parameters(scope, city_id).as_tuple(), *parts)
    of_part = {(row["kind"], row["part"]): int(row["asset_count"]) for row in rows}
    of_kind: Counter[str] = Counter()
    for count in kinds:
        of_kind[count.kind] += count.asset_count
    return {layer.name: of_part.get(layer_key(layer), 0) if layer.kind in PARTS else of_kind[layer.kind] for layer in CITY_LAYERS}


async def read_delivered(pool: Pool, scope: Scope, city_id: int) -> list[DeliveredLayer]:
    """Return the delivered layers that the scope may know of, by name."""
    scope.require_city(city_id)
    rows = await pool.fetch(sql("contents_sources"), city_id)
    return [DeliveredLayer(**row) for row in rows if _may_know(scope, row["kind"])]


def _may_know(scope: Scope, kind: str) -> bool:
    """Tell whether a seat may know of deliveries of a kind or register; rates are the layer `rollout`."""
    return scope.allows_layer("rollout" if kind == "rollout_rate" else kind)


def _rounded(box: Box, scope: Scope) -> Box | None:
    """Round a box as positions are: that of a single asset is its position."""
    west, south, east, north = box
    low = round_position(None if west is None else (west, south), scope)
    high = round_position(None if west is None else (east, north), scope)
    if low is None or high is None:
        return None
    return round(low[0], 7), round(low[1], 7), round(high[0], 7), round(high[1], 7)
