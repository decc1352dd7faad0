"""A tiny city straight into the tables, for tests that need assets and no import."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb

from data.pool import connect


@dataclass(frozen=True)
class TinyAsset:
    """One asset: kind, code and what a test cares about."""

    kind: str
    code: str
    company_id: int | None = None
    area_id: int | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    wkt: str | None = None


def insert_city(database_url: str, assets: Sequence[TinyAsset], *, city_id: int = 1) -> dict[str, int]:
    """Insert a city and its assets near Changchun; returns the asset ids by code, 1, 2, ... in the given order."""
    with connect(database_url) as connection:
        connection.execute(
            "insert into city (city_id, name_zh, name_en, zone, synthetic, assets_version)"
            " values (%s, '小城', 'Tiny', 'Asia/Shanghai', true, 1)",
            (city_id,),
        )
        for asset_id, asset in enumerate(assets, 1):
            connection.execute("insert into asset_key values (%s, %s, %s, %s)", (city_id, asset.kind, asset.code, asset_id))
            connection.execute(
                "insert into asset"
                " (city_id, asset_id, version, kind, code, name, company_id, area_id, geom, attributes, row_sha256)"
                " values (%s, %s, 1, %s, %s, %s, %s, %s, st_geomfromtext(%s, 4326), %s, %s)",
                (
                    *(city_id, asset_id, asset.kind, asset.code, f"{asset.kind} {asset.code}", asset.company_id, asset.area_id),
                    asset.wkt or f"POINT({125.32 + asset_id * 1e-3} 43.88)",
                    Jsonb(asset.attributes),
                    hashlib.sha256(asset.code.encode()).digest(),
                ),
            )
    return {asset.code: asset_id for asset_id, asset in enumerate(assets, 1)}
