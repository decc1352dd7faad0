"""Incidents: their states, alarms, answers of the search for causes with who was without heat, and the log."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
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

incident = Table(
    "incident",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("incident_id", BigInteger, Identity(), primary_key=True),
    Column("state", Text, nullable=False, server_default="open", comment="open | repairing | restored | closed"),
    Column("drill", Boolean, nullable=False, server_default=text("false"), comment="made by an exercise; in no statistics"),
    Column("dismissed", Boolean, nullable=False, server_default=text("false"), comment="a person says: no fault"),
    Column("fixed", Boolean, nullable=False, server_default=text("false"), comment="a person has set its cause"),
    at("started_at", nullable=False, comment="of its first alarm"),
    at("restored_at"),
    at("closed_at"),
    Column("merged_into", BigInteger),
    Column("peak", Integer, nullable=False, server_default="0", comment="most assets that rang for it at once"),
    Column("heated_area_m2", Double, nullable=False, server_default=text("0"), comment="greatest area without heat"),
    CheckConstraint("state in ('open', 'repairing', 'restored', 'closed')", name="state"),
)
Index("ix_incident_standing", incident.c.city_id, postgresql_where=text("state <> 'closed'"))
Index("ix_incident_started_at", incident.c.city_id, incident.c.started_at)

incident_alarm = Table(
    "incident_alarm",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False),
    Column("alarm_id", BigInteger, primary_key=True, autoincrement=False),
    at("since_at", primary_key=True, server_default=text("now()")),
    at("until_at", comment="when it left; NULL = it is of the incident"),
    Column("taken_out", Boolean, nullable=False, server_default=text("false"), comment="by a person, for good"),
)
Index(
    "ix_incident_alarm_held",
    incident_alarm.c.city_id,
    incident_alarm.c.alarm_id,
    unique=True,
    postgresql_where=text("until_at is null"),
)

incident_answer = Table(
    "incident_answer",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("incident_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    now("answered_at"),
    Column("seat", Text, nullable=False, comment="rules, or who has set the cause"),
    Column("kind", Text, nullable=False, comment="segment | source | substation | pump"),
    Column("hypothesis", Text, nullable=False),
    Column("segment_ids", ARRAY(Integer), nullable=False),
    Column("tied_ids", ARRAY(Integer), nullable=False),
    Column("asset_ids", ARRAY(Integer), nullable=False),
    Column("silent_below", ARRAY(Integer), nullable=False),
    Column("lon", Double),
    Column("lat", Double),
    Column("length_m", Double, nullable=False),
    Column("explained", Integer, nullable=False, comment="assets whose alarms it explains"),
    Column("hit_rate", Double, nullable=False),
    Column("score", Double, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("prepared", Boolean, nullable=False, comment="by footprints of the solved network"),
    Column("network_version", BigInteger, nullable=False),
    Column("valve_version", BigInteger, nullable=False),
    Column("station_ids", ARRAY(Integer), nullable=False, comment="substations without heat then"),
    Column("building_ids", ARRAY(Integer), nullable=False, comment="buildings without heat then, with their facts:"),
    Column("building_area_m2", ARRAY(Double), nullable=False),
    Column("building_users", ARRAY(Integer), nullable=False),
    Column("building_load_mw", ARRAY(Double), nullable=False),
    Column("estates", JSONB, nullable=False, comment="asset_id, name, buildings"),
    Column("leak", JSONB, comment="where a leak is likely: position, within_m, pipe_id, likelihood"),
)

incident_log = Table(
    "incident_log",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("log_id", BigInteger, Identity(), primary_key=True),
    Column("incident_id", BigInteger, nullable=False),
    Column("word", Text, nullable=False, comment="opened, taken, noted, restored, reopened, closed, merged, ..."),
    Column("state", Text, nullable=False, comment="of the incident after it"),
    Column("seat", Text, nullable=False, comment="rules = the program"),
    now("happened_at"),
    Column("note", Text, nullable=False, server_default=""),
)
Index("ix_incident_log_incident", incident_log.c.city_id, incident_log.c.incident_id, incident_log.c.log_id)

incident_watch = Table(
    "incident_watch",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("holder", Text, nullable=False, comment="server that folds alarms"),
    at("held_until", nullable=False),
    at("flood_since_at"),
)
