"""Who may do what: organisations, persons, seats, sessions, keys."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data.tables.columns import at, metadata, now

organisation = Table(
    "organisation",
    metadata,
    Column("organisation_id", Integer, Identity(), primary_key=True),
    Column("city_id", SmallInteger, comment="NULL = all cities"),
    Column("type", Text, nullable=False, comment="city | district | company"),
    Column("asset_id", Integer, comment="district or company asset; NULL for city"),
    Column("name", Text, nullable=False),
    CheckConstraint("type in ('city', 'district', 'company')", name="type"),
    UniqueConstraint("city_id", "type", "asset_id", "name", postgresql_nulls_not_distinct=True),
)

person = Table(
    "person",
    metadata,
    Column("person_id", Integer, Identity(), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, comment="argon2id; NULL = cannot sign in by password"),
    Column("must_change_password", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
)

seat = Table(
    "seat",
    metadata,
    Column("seat_id", Integer, Identity(), primary_key=True),
    Column("person_id", Integer, ForeignKey("person.person_id"), nullable=False),
    Column("organisation_id", Integer, ForeignKey("organisation.organisation_id"), nullable=False),
    Column("role", Text, nullable=False, comment="viewer | dispatcher | planner | company | administrator"),
    Column("demo", Boolean, nullable=False, server_default=text("false"), comment="offered by the demo seat switcher"),
    UniqueConstraint("person_id", "organisation_id", "role"),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    now("created_at"),
    at("expires_at", nullable=False),
)

session_ticket = Table(
    "session_ticket",
    metadata,
    Column("ticket_sha256", LargeBinary, primary_key=True, comment="opens one WebSocket, once"),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    at("expires_at", nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.seat_id"), nullable=False),
    Column("secret_encrypted", LargeBinary, nullable=False, comment="AES-GCM under the key file of the var dir"),
    Column("digest", Text, nullable=False, comment="sm3 | sha256"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    now("created_at"),
)

api_nonce = Table(
    "api_nonce",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    now("seen_at"),
)
