"""Cities and their assets."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import at, metadata, now

city = Table(
    "city",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("zone", Text, nullable=False, comment="IANA time zone of daily figures"),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("attribution", Text, nullable=False, server_default=""),
    Column("assets_version", BigInteger, nullable=False, server_default="0", comment="rises with every change of assets"),
    Column("network_version", BigInteger, nullable=False, server_default="0"),
    Column("valve_version", BigInteger, nullable=False, server_default="0"),
    Column("extent", ARRAY(Double), comment="west, south, east, north in degrees as a manifest states them; NULL = none does"),
    Column(
        "geoid_height_m",
        Double,
        comment="height of the national height datum above the WGS-84 ellipsoid; NULL = not stated, 0 is taken",
    ),
)

asset_key = Table(
    "asset_key",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("asset_id", Integer, nullable=False),
    UniqueConstraint("city_id", "asset_id"),
)

asset = Table(
    "asset",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of this asset"),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("source_key", Text, nullable=False, server_default="", comment="key in the delivered file"),
    Column("company_id", Integer, comment="asset_id of the owner company"),
    Column("area_id", Integer, comment="asset_id of the district that holds it"),
    Column("pair_id", Integer, comment="smallest asset_id of the supply/return pair"),
    # no type modifier: it would refuse either 2D or 3D, and z is kept where a delivery gives it
    Column("geom", Geometry(geometry_type=None, srid=-1, spatial_index=False)),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("row_sha256", LargeBinary, nullable=False, comment="hash of the content; equal hash = no new version"),
    now("valid_from_at"),
    at("valid_to_at", comment="NULL = current"),
    Column("import_id", BigInteger),
    Column("change_id", Integer, comment="change that wrote this version"),
    Column("ended_by", Integer, comment="change that replaced or retired this version; NULL = current"),
    Column("delivered_sha256", LargeBinary, comment="hash of what was last delivered, where an edit has replaced it"),
    Column("layer_no", SmallInteger, comment="layer of the import, from 1, in archive_change.layers"),
    CheckConstraint("st_srid(geom) = 4326", name="srid"),
)
_CURRENT = text("valid_to_at is null")
Index("ix_asset_current", asset.c.city_id, asset.c.asset_id, unique=True, postgresql_where=_CURRENT)
Index("ix_asset_kind", asset.c.city_id, asset.c.kind, asset.c.code, postgresql_where=_CURRENT)
Index("ix_asset_geom", asset.c.geom, postgresql_using="gist", postgresql_where=_CURRENT)
Index("ix_asset_source_key", asset.c.city_id, asset.c.source_key, postgresql_where=_CURRENT)
Index(
    "ix_asset_pair_code",
    asset.c.city_id,
    asset.c.kind,
    text("(attributes ->> 'pair_code')"),
    postgresql_where=text("valid_to_at is null and (attributes ->> 'pair_code') is not null"),
)
_PAST = text("valid_to_at is not null")
Index(
    "ix_asset_unified_code",
    text("(attributes ->> 'unified_code')"),
    postgresql_where=text("valid_to_at is null and (attributes ->> 'unified_code') is not null"),
    _table=asset,
)
Index("ix_asset_past_kind", asset.c.city_id, asset.c.kind, asset.c.code, postgresql_where=_PAST)
Index("ix_asset_past_geom", asset.c.geom, postgresql_using="gist", postgresql_where=_PAST)
Index("ix_asset_change", asset.c.city_id, asset.c.change_id, asset.c.asset_id)
Index("ix_asset_ended_by", asset.c.city_id, asset.c.ended_by, asset.c.asset_id, postgresql_where=text("ended_by is not null"))
