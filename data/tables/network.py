"""States of valves and heat sources with their history, and the intervals of the dominator tree."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

from data.tables.columns import at, metadata, now

_ORIGIN = "origin in ('measured', 'reported', 'assumed')"
_STATE = "state in ('open', 'closed', 'unknown')"
_OPERABILITY = "operability in ('usable', 'stuck', 'no_access', 'tagged_out')"

valve_state = Table(
    "valve_state",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False, comment="measured | reported | assumed"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    now("changed_at"),
    Column("operability", Text, comment="as reported by hand; NULL = as drawn"),
    CheckConstraint(_STATE, name="state"),
    CheckConstraint(_ORIGIN, name="origin"),
    CheckConstraint(_OPERABILITY, name="operability"),
)

valve_state_history = Table(
    "valve_state_history",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("operation_id", BigInteger, Identity(), primary_key=True),
    Column("asset_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("operability", Text, comment="as reported by hand; NULL = as drawn"),
    Column("origin", Text, nullable=False, comment="measured | reported | assumed"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    at("changed_at", nullable=False),
    Column("valve_version", BigInteger, nullable=False, comment="version of the city's states that it made"),
    CheckConstraint(_STATE, name="state"),
    CheckConstraint(_ORIGIN, name="origin"),
    CheckConstraint(_OPERABILITY, name="operability"),
    comment="every operation of a valve, never changed",
)
Index(
    "ix_valve_state_history_asset",
    valve_state_history.c.city_id,
    valve_state_history.c.asset_id,
    valve_state_history.c.operation_id,
)

source_state = Table(
    "source_state",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True, autoincrement=False, comment="plant or boiler house"),
    Column("running", Boolean, nullable=False),
    Column("origin", Text, nullable=False, comment="measured | reported | assumed"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    at("changed_at", nullable=False),
    CheckConstraint(_ORIGIN, name="origin"),
    comment="heat sources that somebody has said to run or to stand still",
)

source_state_history = Table(
    "source_state_history",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("operation_id", BigInteger, Identity(), primary_key=True),
    Column("asset_id", Integer, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("origin", Text, nullable=False, comment="measured | reported | assumed"),
    Column("seat", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    at("changed_at", nullable=False),
    Column("valve_version", BigInteger, nullable=False, comment="version of the city's states that it made"),
    CheckConstraint(_ORIGIN, name="origin"),
    comment="every start and stop of a heat source, never changed",
)
Index(
    "ix_source_state_history_asset",
    source_state_history.c.city_id,
    source_state_history.c.asset_id,
    source_state_history.c.operation_id,
)

interval_version = Table(
    "interval_version",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("network_version", BigInteger, nullable=False),
    Column("valve_version", BigInteger, nullable=False),
    now("built_at"),
    prefixes=["UNLOGGED"],
    comment="versions that interval_element was written from",
)

interval_element = Table(
    "interval_element",
    metadata,
    Column("city_id", SmallInteger, nullable=False),
    Column("asset_id", Integer, nullable=False, comment="of a segment the smallest of its pipes"),
    Column("kind", Text(collation="C"), nullable=False, comment="segment, or the kind of the asset"),
    Column("pair_id", Integer, comment="asset of the other side that an answer names with it; NULL = none"),
    Column("tin", Integer, nullable=False, comment="preorder number: what is shut at [tin, tout) takes it along"),
    Column("tout", Integer, nullable=False, comment="one past the last number that falls with it; = tin: nothing does"),
    Column("exact", Boolean, nullable=False, comment="false: beside buildings only a flood tells what falls with it"),
    prefixes=["UNLOGGED"],
    comment="dominator tree of the network in preorder, a row an element and side (derived)",
)
Index("ix_interval_element_asset", interval_element.c.city_id, interval_element.c.asset_id)
Index("ix_interval_element_tin", interval_element.c.city_id, interval_element.c.kind, interval_element.c.tin)

interval_pipe = Table(
    "interval_pipe",
    metadata,
    Column("city_id", SmallInteger, nullable=False),
    Column("asset_id", Integer, nullable=False),
    Column("kind", Text, nullable=False, comment="pipe, or what sits on one without interrupting it"),
    Column("pair_id", Integer, comment="pipe of the other side; NULL = none"),
    Column("segment_id", Integer, nullable=False, comment="asset_id of its segment in interval_element"),
    prefixes=["UNLOGGED"],
    comment="segments of pipes, which no valve changes (derived)",
)
Index("ix_interval_pipe_asset", interval_pipe.c.city_id, interval_pipe.c.asset_id)
Index("ix_interval_pipe_segment", interval_pipe.c.city_id, interval_pipe.c.segment_id)
