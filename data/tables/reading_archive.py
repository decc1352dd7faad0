"""The archive of readings: which Parquet files hold which frames, how long frames are kept where, and what was brought back."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, SmallInteger, Table, Text

from data.tables.columns import at, metadata, now

reading_archive = Table(
    "reading_archive",
    metadata,
    Column("city_id", SmallInteger, primary_key=True),
    Column("schema_id", SmallInteger, primary_key=True),
    Column("day", Date, primary_key=True, comment="UTC day of observed_at"),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False, unique=True, comment="relative to the var dir"),
    Column("frames", BigInteger, nullable=False),
    Column("values_count", BigInteger, nullable=False, comment="values that are not missing"),
    Column("bytes", BigInteger, nullable=False, comment="size of the file"),
    Column("content_sm3", Text, nullable=False, comment="of the frames in canonical bytes, see docs/archive-of-readings.md"),
    Column("first_source_id", Integer, nullable=False),
    Column("last_source_id", Integer, nullable=False),
    at("first_at", nullable=False),
    at("last_at", nullable=False),
    Column("generation", Integer, nullable=False, comment="rises when the day is written anew"),
    now("written_at"),
    at("verified_at", nullable=False, comment="when the file was read back and its content found equal"),
)
Index("ix_reading_archive_time", reading_archive.c.city_id, reading_archive.c.first_at, reading_archive.c.last_at)

reading_retention = Table(
    "reading_retention",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="code of the frame schemas"),
    Column("hot_days", Integer, nullable=False, comment="days in reading_frame"),
    Column("archive_years", Integer, comment="years in the archive; null = for ever"),
    Column("seat", Text, nullable=False),
    now("changed_at"),
    CheckConstraint("hot_days >= 1", name="hot_days"),
    CheckConstraint("archive_years >= 1", name="archive_years"),
)

reading_restored = Table(
    "reading_restored",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("schema_id", SmallInteger, primary_key=True),
    Column("day", Date, primary_key=True),
    at("until_at", nullable=False, comment="so long the frames stay in reading_frame"),
    Column("seat", Text, nullable=False),
    now("restored_at"),
)
