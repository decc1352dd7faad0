"""Roll-ups of readings: blocks of rows, how far they reach, and what has to be made again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, LargeBinary, SmallInteger, Table

from data.tables.columns import at, metadata

rollup_block = Table(
    "rollup_block",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("every_s", Integer, primary_key=True, autoincrement=False, comment="60, 600, 3600 or 86400"),
    Column("schema_id", SmallInteger, primary_key=True, autoincrement=False),
    Column(
        "part",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="source_id / 64 (many points: 8) of a period that is over; -1 - source_id / 4096 as it was made",
    ),
    at("first_at", primary_key=True, comment="where the first bucket begins"),
    Column(
        "block_id", BigInteger, Identity(), primary_key=True, comment="of two rows for a bucket that of the later block counts"
    ),
    at("last_at", nullable=False, comment="where the last bucket begins"),
    Column("row_count", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="rows of twin.rollups, compressed"),
)

rollup_progress = Table(
    "rollup_progress",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    at("done_until_at", nullable=False, comment="windows up to here are made"),
)

rollup_mark = Table(
    "rollup_mark",
    metadata,
    Column("city_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("mark_id", BigInteger, Identity(), primary_key=True),
    Column("schema_id", SmallInteger, nullable=False),
    Column("source_id", Integer, nullable=False, comment="0 = all sources, and the whole UTC day"),
    at("start_at", nullable=False, comment="hour that has to be made again"),
)
