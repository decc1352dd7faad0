"""What the scheduled solves of the zones found, and the results of what-ifs."""

from __future__ import annotations

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.columns import at, metadata, now

zone_sweep = Table(
    "zone_sweep",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("network_version", BigInteger, nullable=False),
    Column("valve_version", BigInteger, nullable=False),
    now("swept_at"),
)

zone_solution = Table(
    "zone_solution",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("source_id", Integer, primary_key=True, comment="asset that holds the pressure of the zone"),
    now("solved_at"),
    Column("network_version", BigInteger, nullable=False),
    Column("valve_version", BigInteger, nullable=False),
    Column("converged", Boolean, nullable=False),
    Column("summary", JSONB, nullable=False),
    Column("problems", JSONB, nullable=False),
    Column("heads", LargeBinary, comment="arrays of the pressure lines (numpy, compressed); NULL = not converged"),
)

zone_pipe = Table(
    "zone_pipe",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("flow_direction", SmallInteger, nullable=False, comment="TB-08: 0 start to end, 1 end to start, 2 unknown"),
    Column("flow_m3_per_h", REAL, comment="positive as drawn"),
    Column("velocity_m_per_s", REAL),
    Column("temperature_degc", REAL, comment="mean of its ends; NULL = stands or unknown"),
    CheckConstraint("flow_direction in (0, 1, 2)", name="flow_direction"),
    Index(None, "city_id", "source_id"),
)

zone_station = Table(
    "zone_station",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("asset_id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("supply_mpa", REAL),
    Column("return_mpa", REAL),
    Column("flow_m3_per_h", REAL),
    Column("flow_share", REAL, comment="of what the load needs; below 1 the station is short"),
    Column("supply_degc", REAL),
    Index(None, "city_id", "source_id"),
)

what_if_result = Table(
    "what_if_result",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("job_id", BigInteger, ForeignKey("job.job_id", ondelete="CASCADE"), primary_key=True),
    Column("seat", Text, nullable=False),
    Column("result", JSONB, nullable=False),
    at("solved_at", nullable=False),
)
