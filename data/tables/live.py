"""Readings and alarms."""

from __future__ import annotations

from sqlalchemy import (
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
from sqlalchemy.dialects.postgresql import JSONB

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
    Column("seat", Text, nullable=False, server_default="", comment="who registered it; empty = the program"),
    at("retired_at", nullable=True, comment="out of use since; NULL = in use"),
    UniqueConstraint("city_id", "code"),
)
Index("ix_source_asset", source.c.city_id, source.c.asset_id)

reading_frame = Table(
    "reading_frame",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("schema_id", SmallInteger, nullable=False),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    at("observed_at", primary_key=True),
    Column("delay_s", Integer, nullable=False, comment="arrival minus observed_at; negative = clock ahead"),
    Column("payload", LargeBinary, nullable=False, comment="gauges, totals, quality of twin.frames"),
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
    Column("payload", LargeBinary, nullable=False),
)
Index("ix_reading_conflict_key", reading_conflict.c.city_id, reading_conflict.c.source_id, reading_conflict.c.observed_at)

reading_commit = Table(
    "reading_commit",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("commit_id", BigInteger, Identity(), primary_key=True),
    Column(
        "transaction_id",
        BigInteger,
        nullable=False,
        server_default=text("(pg_current_xact_id()::text)::bigint"),
        comment="number of the transaction that wrote it",
    ),
    Column("received_ms", BigInteger, nullable=False, comment="arrival of its frames, epoch milliseconds"),
    Column("alarms", Integer, nullable=False, comment="alarms that it opened and closed"),
    Column("moved", LargeBinary, nullable=False, comment="source_id i32, observed_ms i64, little-endian: the new latest frames"),
)

latest_checkpoint = Table(
    "latest_checkpoint",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("schema_id", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    now("written_at"),
    Column("data", LargeBinary, nullable=False, comment="latest frames of up to 20,000 sources; layout in data.latest"),
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
    Column("per_h", Boolean, nullable=False, server_default=text("false"), comment="rise of a register per hour"),
    Column("also", JSONB, nullable=False, server_default=text("'[]'::jsonb"), comment="further conditions; all must be met"),
    Column("on_delay_s", Double, nullable=False, server_default="0"),
    Column("off_delay_s", Double, nullable=False, server_default="0"),
    Column("season", Text, nullable=False, server_default="", comment="MM-DD/MM-DD; empty = the whole year"),
    Column("version", Integer, nullable=False, server_default="1", comment="rises with every edit"),
    Column("seat", Text, nullable=False, server_default="", comment="who edited it last; empty = the program"),
    now("changed_at"),
    Column("upstream_healthy", Boolean, nullable=False, server_default=text("false"), comment="only where a source feeds"),
    Column("by_device", Boolean, nullable=False, server_default=text("false"), comment="limits are thresholds of devices"),
    Column("pop_up", Boolean, nullable=False, server_default=text("false"), comment="comes before the eyes of screens"),
    Column("advice", Text, nullable=False, server_default="", comment="what to do about it"),
    UniqueConstraint("city_id", "code"),
    CheckConstraint("level between 1 and 3", name="level"),
)

alarm_rule_version = Table(
    "alarm_rule_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("rule_id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False),
    now("changed_at"),
    Column("rule", JSONB, nullable=False, comment="the rule as this version has it"),
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
    Column("confirmed", Boolean, nullable=False, server_default=text("false")),
    at("shelved_until", nullable=True),
    Column("suppressed", Boolean, nullable=False, server_default=text("false")),
    Column("out_of_service", Boolean, nullable=False, server_default=text("false")),
    Column("false_alarm", Boolean, comment="verdict: true = false alarm; NULL = not judged"),
    Column("current_value", Double, comment="latest good value while it is open"),
    at("current_at"),
    Column("highest_value", Double, comment="furthest beyond the limit"),
    at("highest_at"),
    at("acknowledged_at", comment="by the first seat that did"),
    at("third_at", comment="when its rule rang at its source two times before"),
)
Index(
    "ix_alarm_chattering",
    alarm.c.city_id,
    alarm.c.raised_at,
    postgresql_where=text("raised_at - third_at <= '01:00:00'::interval"),
)
Index("ix_alarm_list", alarm.c.city_id, alarm.c.active.desc(), alarm.c.level, alarm.c.raised_at.desc())
Index("ix_alarm_condition", alarm.c.city_id, alarm.c.rule_id, alarm.c.source_id, alarm.c.alarm_id)
Index("ix_alarm_active", alarm.c.city_id, alarm.c.rule_id, alarm.c.source_id, unique=True, postgresql_where=text("active"))
Index("ix_alarm_shelved", alarm.c.shelved_until, postgresql_where=text("shelved_until is not null"))
Index("ix_alarm_raised_at", alarm.c.city_id, alarm.c.raised_at)

alarm_transition = Table(
    "alarm_transition",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("transition_id", BigInteger, Identity(), primary_key=True),
    Column("alarm_id", BigInteger, nullable=False),
    Column("transition", Text, nullable=False, comment="word of twin.alarms.states, or raised | cleared"),
    Column("seat", Text, nullable=False),
    now("happened_at"),
    Column("note", Text, nullable=False, server_default=""),
)
Index("ix_alarm_transition_alarm", alarm_transition.c.city_id, alarm_transition.c.alarm_id)
Index(
    "ix_alarm_transition_acknowledged",
    alarm_transition.c.city_id,
    alarm_transition.c.alarm_id,
    postgresql_include=["happened_at"],
    postgresql_where=text("transition = 'acknowledged'"),
)
Index("ix_alarm_asset", alarm.c.city_id, alarm.c.asset_id, alarm.c.raised_at)
