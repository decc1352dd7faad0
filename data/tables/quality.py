"""Rules of data quality with all their versions, and what they cost by day."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Double, ForeignKey, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.columns import at, metadata, now

quality_rule = Table(
    "quality_rule",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="the greatest one counts"),
    Column("definition", JSONB, nullable=False, comment="kind, names, severity, schemas, points, parameters, enabled"),
    Column("seat", Text, nullable=False, server_default="", comment="who wrote this version; empty = it ships"),
    Column("note", Text, nullable=False, server_default=""),
    now("written_at"),
)

quality_day = Table(
    "quality_day",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("day", Date, primary_key=True, comment="in the zone of the city"),
    Column("company_id", Integer, primary_key=True, autoincrement=False, comment="0 = none"),
    Column("area_id", Integer, primary_key=True, autoincrement=False, comment="district; 0 = none"),
    Column("kind", Text, primary_key=True),
    Column("code", Text, primary_key=True, comment="rule that flagged; empty = the values that were checked"),
    Column("counted", BigInteger, nullable=False, comment="values"),
    Column("lost", Double, nullable=False, server_default=text("0"), comment="what they cost: suspect 0.5, failed or missing 1"),
)

quality_count = Table(
    "quality_count",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    at("slot_at", nullable=False, comment="last minute that a server has written into quality_day"),
)
