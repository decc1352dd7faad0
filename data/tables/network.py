"""States of the network's valves."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, SmallInteger, Table, Text

from data.tables.columns import metadata, now

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
    CheckConstraint("state in ('open', 'closed', 'unknown')", name="state"),
    CheckConstraint("origin in ('measured', 'reported', 'assumed')", name="origin"),
)
