"""Readings and alarms."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
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

frame_schema = Table(
    "frame_schema",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("schema_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("points", JSONB, nullable=False, comment="ordered list: name, quantity, unit, side, slot gauge|total, min, max"),
    UniqueConstraint("city_id", "code", "version"),
)

source = Table(
    "source",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("schema_id", Integer, nullable=False),
    Column("period_s", Integer, nullable=False, server_default="60"),
    UniqueConstraint("city_id", "code"),
)

reading_frame = Table(
    "reading_frame",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    at("observed_at", primary_key=True),
    now("received_at"),
    Column("schema_id", Integer, nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False, comment="32-bit slots in schema order"),
    Column("totals", ARRAY(Double), nullable=False, comment="64-bit slots in schema order"),
    Column("quality", LargeBinary, nullable=False, comment="QARTOD, one byte a point in schema order"),
    postgresql_partition_by="RANGE (observed_at)",
)
Index("ix_reading_frame_observed_at", reading_frame.c.observed_at, postgresql_using="brin")

reading_conflict = Table(
    "reading_conflict",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("conflict_id", BigInteger, Identity(), primary_key=True),
    Column("source_id", Integer, nullable=False),
    at("observed_at", nullable=False),
    now("received_at"),
    Column("schema_id", Integer, nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False),
    Column("totals", ARRAY(Double), nullable=False),
    Column("quality", LargeBinary, nullable=False),
)
Index("ix_reading_conflict_key", reading_conflict.c.city_id, reading_conflict.c.source_id, reading_conflict.c.observed_at)

latest_frame = Table(
    "latest_frame",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    at("observed_at", nullable=False),
    Column("gauges", ARRAY(REAL), nullable=False),
    Column("totals", ARRAY(Double), nullable=False),
    Column("quality", LargeBinary, nullable=False),
    prefixes=["UNLOGGED"],
)

alarm_rule = Table(
    "alarm_rule",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("rule_id", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("schema_code", Text, nullable=False),
    Column("point", Text, nullable=False),
    Column("above", Double, comment="alarm while value > above"),
    Column("below", Double, comment="alarm while value < below"),
    Column("deadband", Double, nullable=False, server_default="0"),
    Column("level", SmallInteger, nullable=False, comment="alarm level of CJ/T 545: 1 highest .. 3"),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("city_id", "code"),
    CheckConstraint("level between 1 and 3", name="level"),
)

alarm = Table(
    "alarm",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("alarm_id", BigInteger, Identity(), primary_key=True),
    Column("rule_id", Integer, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("acknowledged", Boolean, nullable=False, server_default=text("false")),
    Column("value", Double, nullable=False, comment="value that raised it"),
    Column("limit_value", Double, nullable=False),
    at("raised_at", nullable=False),
    at("cleared_at"),
)
Index("ix_alarm_active", alarm.c.city_id, alarm.c.rule_id, alarm.c.source_id, unique=True, postgresql_where=text("active"))
Index("ix_alarm_raised_at", alarm.c.city_id, alarm.c.raised_at)

alarm_transition = Table(
    "alarm_transition",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("transition_id", BigInteger, Identity(), primary_key=True),
    Column("alarm_id", BigInteger, nullable=False),
    Column("transition", Text, nullable=False, comment="raised | cleared | acknowledged"),
    Column("seat", Text, nullable=False),
    now("happened_at"),
    Column("note", Text, nullable=False, server_default=""),
)
Index("ix_alarm_transition_alarm", alarm_transition.c.city_id, alarm_transition.c.alarm_id)
