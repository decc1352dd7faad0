"""Rows that hang on an asset and are none."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
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
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.columns import at, geometry, metadata, now

register_row = Table(
    "register_row",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="heat_user | household | retrofit_project"),
    Column("row_id", Integer, primary_key=True, autoincrement=False, comment="dense within its register, never given twice"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("source_key", Text, nullable=False, server_default="", comment="key in the delivered file"),
    Column("asset_id", Integer, comment="building, village or area that it hangs on; NULL = not among the assets"),
    Column("company_id", Integer, comment="asset_id of the owner company"),
    Column("area_id", Integer, comment="asset_id of the district that holds it"),
    geometry("geom", "POINT", 4326),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("row_sha256", LargeBinary, nullable=False, comment="hash of the content; equal hash = no change"),
    now("changed_at"),
    Column("import_id", BigInteger, nullable=False, comment="import that wrote it last"),
    Column("change_id", Integer, comment="change that wrote it last"),
    UniqueConstraint("city_id", "kind", "code"),
    comment="rows that hang on an asset and are none: heat users, rural households, projects",
)
Index("ix_register_row_asset", register_row.c.city_id, register_row.c.asset_id, register_row.c.kind)
Index("ix_register_row_change", register_row.c.city_id, register_row.c.change_id)
Index("ix_register_row_area", register_row.c.city_id, register_row.c.area_id, register_row.c.kind)

register_version = Table(
    "register_version",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("row_id", Integer, primary_key=True, autoincrement=False),
    at("valid_from_at", primary_key=True),
    at("valid_to_at", nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source_key", Text, nullable=False),
    Column("asset_id", Integer),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("geom", "POINT", 4326),
    Column("attributes", JSONB, nullable=False),
    Column("row_sha256", LargeBinary, nullable=False),
    Column("import_id", BigInteger, nullable=False, comment="import that wrote it"),
    Column("change_id", Integer, comment="change that wrote it"),
    Column("ended_by", Integer, nullable=False, comment="change that replaced it"),
    comment="rows of registers as they were before a later delivery changed them",
)
Index("ix_register_version_ended_by", register_version.c.city_id, register_version.c.ended_by)
