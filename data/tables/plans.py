"""Plans of work on the network."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import at, metadata, now

plan = Table(
    "plan",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("plan_id", Integer, primary_key=True, autoincrement=False, comment="1, 2, ... of the city"),
    Column("version", Integer, nullable=False, server_default="1", comment="rises with every change of the plan"),
    Column("title", Text, nullable=False),
    Column("asset_ids", ARRAY(Integer), nullable=False, comment="what is worked on"),
    at("planned_from_at", nullable=False),
    at("planned_to_at", nullable=False),
    Column("crew", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="planned", comment="planned | running | finished | cancelled"),
    Column("seat", Text, nullable=False, comment="who made it"),
    now("made_at"),
    Column("network_version", BigInteger, nullable=False, comment="of the network that lost was computed on"),
    Column("valve_version", BigInteger, nullable=False),
    Column("lost", JSONB, nullable=False, comment="buildings, heat_user_count, heated_area_m2, heat_load_mw of lost_ids then"),
    Column("lost_ids", ARRAY(Integer), nullable=False, comment="buildings that lose heat, rising"),
    CheckConstraint("state in ('planned', 'running', 'finished', 'cancelled')", name="state"),
    CheckConstraint("planned_from_at < planned_to_at", name="period"),
    comment="work on the network that shuts something: when, who, which valves in which order",
)
Index("ix_plan_state", plan.c.city_id, plan.c.state, plan.c.planned_from_at)

plan_valve = Table(
    "plan_valve",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("plan_id", Integer, primary_key=True, autoincrement=False),
    Column("order_no", SmallInteger, primary_key=True, autoincrement=False, comment="1, 2, ...: in this order"),
    Column("asset_id", Integer, nullable=False),
    Column("action", Text, nullable=False, comment="close | open"),
    Column("state_before", Text, comment="when the plan was started; put back when it ends"),
    CheckConstraint("action in ('close', 'open')", name="action"),
    CheckConstraint("state_before in ('open', 'closed', 'unknown')", name="state_before"),
    ForeignKeyConstraint(["city_id", "plan_id"], ["plan.city_id", "plan.plan_id"]),
    UniqueConstraint("city_id", "plan_id", "asset_id"),
    comment="valves of a plan",
)
Index("ix_plan_valve_asset", plan_valve.c.city_id, plan_valve.c.asset_id)

plan_event = Table(
    "plan_event",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("plan_id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="of the plan, that it made"),
    Column("event", Text, nullable=False, comment="saved | changed | started | finished | cancelled"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("content", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="what the plan said from then on"),
    now("happened_at"),
    CheckConstraint("event in ('saved', 'changed', 'started', 'finished', 'cancelled')", name="event"),
    ForeignKeyConstraint(["city_id", "plan_id"], ["plan.city_id", "plan.plan_id"]),
    comment="what happened to plans, never changed",
)
