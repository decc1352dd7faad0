"""Rules of data quality with all their versions, what they cost by day, and values that persons check."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
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

quality_check = Table(
    "quality_check",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("check_id", BigInteger, Identity(), primary_key=True),
    Column("asset_id", Integer, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("point", Text, nullable=False, comment="empty = the whole frame"),
    at("observed_at", nullable=False, comment="of the value; of a request its beginning"),
    at("until_at", comment="of a request to send again: its end"),
    Column("value", Double, comment="as reported; null = missing"),
    Column("flag", SmallInteger, nullable=False, comment="QARTOD flag that it had"),
    Column("rule", Text, nullable=False, comment="rule that flagged it; empty = a person doubts it"),
    Column("why_zh", Text, nullable=False, server_default=""),
    Column("why_en", Text, nullable=False, server_default=""),
    Column("times", Integer, nullable=False, server_default=text("1"), comment="how often it came up while open"),
    Column("made_by", Text, nullable=False, server_default="", comment="seat; empty = made by the rules"),
    now("made_at"),
    now("last_at"),
    Column("state", Text, nullable=False, server_default="open", comment="open, sent, answered, closed"),
    Column("verdict", Text, comment="right (a false flag), wrong, unsure"),
    Column("verdict_by", Text),
    at("verdict_at"),
    Column("corrected", Double, comment="what it should be; the reading itself stays as it came"),
    Column("note", Text, nullable=False, server_default=""),
    Column("sent_by", Text),
    at("sent_at"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("suggested", Double, comment="what the company says that the value was"),
    Column("answered_by", Text),
    at("answered_at"),
    Index(
        "ux_quality_check_open",
        "city_id",
        "source_id",
        "point",
        "rule",
        unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_quality_check_asset", "city_id", "asset_id", "observed_at"),
)

quality_check_event = Table(
    "quality_check_event",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("check_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False, comment="made, right, wrong, unsure, sent, answered"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("value", Double),
    now("happened_at"),
    ForeignKeyConstraint(
        ["city_id", "check_id"],
        ["quality_check.city_id", "quality_check.check_id"],
        name="fk_quality_check_event_city_id",
    ),
    Index("ix_quality_check_event_check", "city_id", "check_id"),
)

quality_alarm = Table(
    "quality_alarm",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("quality_alarm_id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False, comment="value, doubt, upload_stopped, upload_invalid"),
    Column("company_id", Integer, comment="whose data it is; NULL = nobody owns the asset"),
    Column("asset_id", Integer, nullable=False, comment="of an upload the company itself"),
    Column("check_id", BigInteger, comment="work order of a value, which holds its state"),
    now("raised_at"),
    at("over_at", comment="of an upload: when it came back"),
    at("told_at", comment="NULL = nobody has been told yet"),
    ForeignKeyConstraint(
        ["city_id", "check_id"], ["quality_check.city_id", "quality_check.check_id"], name="fk_quality_alarm_check"
    ),
    Index("ux_quality_alarm_check", "city_id", "check_id", unique=True),
    Index(
        "ux_quality_alarm_upload",
        "city_id",
        "asset_id",
        "kind",
        unique=True,
        postgresql_where=text("check_id is null and over_at is null"),
    ),
    Index("ix_quality_alarm_untold", "city_id", postgresql_where=text("told_at is null")),
)
