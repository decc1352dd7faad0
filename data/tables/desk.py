"""The alarm desk: limits of single sources, drills, and warnings of CJ/T 545."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, Identity, Index, Integer, SmallInteger, Table, Text

from data.tables.columns import at, geometry, metadata, now

alarm_limit = Table(
    "alarm_limit",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("rule_id", Integer, primary_key=True, autoincrement=False),
    Column("source_id", Integer, primary_key=True, autoincrement=False),
    Column("place", SmallInteger, primary_key=True, autoincrement=False, comment="condition of the rule, from 0"),
    Column("limit_value", Double, comment="NULL = the limit of the rule counts again"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False),
    now("changed_at"),
)

drill = Table(
    "drill",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("drill_id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("seat", Text, nullable=False, comment="who began it"),
    now("started_at"),
    at("ends_at", nullable=False, comment="ends by itself"),
    at("ended_at"),
    Column("ended_by", Text),
    CheckConstraint("ends_at <= started_at + interval '24 hours'", name="length"),
)

drill_alarm = Table(
    "drill_alarm",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("drill_alarm_id", BigInteger, Identity(), primary_key=True),
    Column("drill_id", BigInteger, nullable=False),
    Column("rule_id", Integer, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("seat", Text, nullable=False, comment="who injected it"),
    now("raised_at"),
    at("acknowledged_at"),
    Column("acknowledged_by", Text),
    at("cleared_at"),
    comment="alarms of drills (演练): apart from real ones, so that no count and no notice can mix them",
)
Index("ix_drill_alarm_drill", drill_alarm.c.city_id, drill_alarm.c.drill_id)

warning = Table(
    "warning",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("warning_id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False, comment="YJMC"),
    Column("type", Text, nullable=False, comment="YJLX 01 .. 12"),
    Column("level", SmallInteger, nullable=False, comment="YJJB 1 highest .. 4"),
    Column("state", Text, nullable=False, comment="YJZT 01 issued, 02 handling, 03 lifted"),
    Column("asset_id", Integer, comment="object that it is about"),
    Column("area_id", Integer, comment="district, where no asset is named"),
    Column("address", Text, nullable=False, comment="XXDZ"),
    geometry("geom", "POINT", 4326),
    Column("model", Text, nullable=False, comment="what found it: by_hand, alarm, incident, leak, cause, what_if"),
    Column("origin_id", BigInteger, comment="number of the alarm or incident"),
    Column("content", Text, nullable=False, comment="YJNR"),
    Column("analysis", Text, nullable=False, server_default="", comment="YPFX"),
    Column("advice", Text, nullable=False, server_default="", comment="CZJY"),
    Column("drill_id", BigInteger, comment="of a drill: never counted"),
    now("happened_at"),
    now("issued_at"),
    Column("issued_by", Text, nullable=False),
    at("handled_at"),
    Column("handled_by", Text),
    at("lifted_at"),
    Column("lifted_by", Text),
    CheckConstraint("level between 1 and 4", name="level"),
    CheckConstraint("state in ('01', '02', '03')", name="state"),
    CheckConstraint("(state = '03') = (lifted_by is not null)", name="lifted"),
)
Index("ix_warning_issued_at", warning.c.city_id, warning.c.issued_at)

warning_event = Table(
    "warning_event",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("warning_id", BigInteger, nullable=False),
    Column("event", Text, nullable=False, comment="issued, handling, lifted"),
    Column("seat", Text, nullable=False),
    now("happened_at"),
    Column("note", Text, nullable=False),
)
Index("ix_warning_event_warning", warning_event.c.city_id, warning_event.c.warning_id)
