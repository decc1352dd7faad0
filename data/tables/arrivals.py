"""Counts of what has arrived: who reports, how late, how complete."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, SmallInteger, Table, Text

from data.tables.columns import at, metadata, now

arrival_start = Table(
    "arrival_start",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    at("since_at", nullable=False, comment="first hour in which frames were expected"),
)

arrival_hour = Table(
    "arrival_hour",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("schema_id", SmallInteger, primary_key=True),
    at("hour_at", primary_key=True, comment="hour of observed_at"),
    Column("counts", LargeBinary, comment="rows of twin.arrivals.SOURCE_ROW; null = forgotten or not written yet"),
    Column("totals", LargeBinary, comment="rows of twin.arrivals.GROUP_ROW"),
    Column("open", Boolean, nullable=False, comment="true = frames may have come that are not counted here"),
    now("marked_at"),
    at("written_at"),
)
Index("ix_arrival_hour_open", arrival_hour.c.city_id, postgresql_where=arrival_hour.c.open)

arrival_day = Table(
    "arrival_day",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("schema_id", SmallInteger, primary_key=True),
    at("day_at", primary_key=True, comment="beginning of the day in the city's zone"),
    Column("totals", LargeBinary, nullable=False, comment="rows of twin.arrivals.GROUP_ROW"),
)

arrival_refusal = Table(
    "arrival_refusal",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    at("hour_at", primary_key=True, comment="hour of arrival"),
    Column("sender", Text, primary_key=True),
    Column("result", Text, primary_key=True),
    Column("frames", BigInteger, nullable=False),
)

arrival_unregistered = Table(
    "arrival_unregistered",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("sender", Text, primary_key=True),
    at("first_at", nullable=False),
    at("last_at", nullable=False),
    Column("messages", BigInteger, nullable=False, comment="in which it was named; each is told with at most 100 codes"),
)
Index("ix_arrival_unregistered_last", arrival_unregistered.c.city_id, arrival_unregistered.c.last_at)
