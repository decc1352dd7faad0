"""Long work and how far it is."""

from __future__ import annotations

from sqlalchemy import REAL, BigInteger, Boolean, CheckConstraint, Column, Identity, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.columns import at, metadata, now

job = Table(
    "job",
    metadata,
    Column("job_id", BigInteger, Identity(), primary_key=True),
    Column("city_id", SmallInteger),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, comment="queued | running | done | failed | cancelled"),
    Column("seat", Text, nullable=False),
    Column("parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("progress", REAL, nullable=False, server_default="0", comment="0..1"),
    Column("message", Text, nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    Column("result", JSONB),
    Column("error", Text),
    now("created_at"),
    at("started_at"),
    at("finished_at"),
    CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
)
