"""Served and declared ground (derived), and the rates of rollout."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from data.tables.columns import geometry, metadata, now

rollout_rate = Table(
    "rollout_rate",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("area_id", Integer, primary_key=True, autoincrement=False),
    Column("month", Text, primary_key=True, comment="YYYY-MM"),
    Column("heated_area_m2", Double, nullable=False),
    Column("clean_area_m2", Double, nullable=False),
    Column("target_rate", Double, nullable=False, comment="share 0..1"),
)

coverage_version = Table(
    "coverage_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("assets_version", BigInteger, nullable=False),
    Column("network_version", BigInteger, nullable=False),
    now("built_at"),
    comment="what served_building and coverage were derived from",
)

served_building = Table(
    "served_building",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("substation_id", Integer, comment="substation that serves it; NULL = none"),
    Column("source_id", Integer, comment="plant or boiler house behind that"),
    Column("supplier_id", Integer, comment="company that owns what serves it"),
    Column("estate_id", Integer, comment="estate that it names"),
    Column("evidence", SmallInteger, nullable=False, comment="0 served by nobody, 1 traced, 2 declared"),
    Column("inside", SmallInteger, nullable=False, comment="bits of twin.coverage.OF_KINDS: declared areas that hold it"),
    Column("heated_area_m2", Double, nullable=False),
    Column("company_id", Integer, comment="owner of the building"),
    Column("area_id", Integer),
    comment="heated buildings, with who serves them in the normal state of the valves",
)

coverage = Table(
    "coverage",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("of_kind", Text, primary_key=True, comment="company | plant | boiler_house | substation | estate | licence"),
    Column("asset_id", Integer, primary_key=True, autoincrement=False, comment="what the ground is of"),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, comment="agrees | differs | derived | unserved"),
    Column("served_count", Integer, nullable=False),
    Column("inside_count", Integer, nullable=False, comment="served ones inside the declared area"),
    Column("heated_area_m2", Double, nullable=False, comment="of the served buildings"),
    Column("agreement", Double, comment="0..1 by heated area; NULL = nothing to compare"),
    Column("outside_ids", ARRAY(Integer), nullable=False, comment="served, outside the declared area"),
    Column("foreign_ids", ARRAY(Integer), nullable=False, comment="inside, served by another of the kind"),
    Column("unserved_ids", ARRAY(Integer), nullable=False, comment="inside, served by nobody"),
    Column("company_id", Integer),
    Column("area_id", Integer),
    geometry("declared_geom", "GEOMETRY", 4326),
    geometry("served_geom", "GEOMETRY", 4326),
    comment="declared against served ground of every object",
)
