"""Messages that the intake refused as a whole."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, LargeBinary, SmallInteger, Table, Text

from data.tables.columns import metadata, now

intake_refusal = Table(
    "intake_refusal",
    metadata,
    Column("refusal_id", BigInteger, Identity(), primary_key=True, comment="also the order of arrival"),
    Column("city_id", SmallInteger, comment="NULL = the message names none that exists"),
    Column("company_id", Integer, comment="asset of the company; NULL = not known"),
    Column("channel", Text, nullable=False, comment="mqtt | http | exchange"),
    Column("sender", Text, nullable=False, comment="app id or mqtt:<company>; empty = not known"),
    Column("topic", Text, nullable=False, comment="topic or path it came by"),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("size", Integer, nullable=False, comment="bytes of the message"),
    Column("first_bytes", LargeBinary, nullable=False),
    now("refused_at"),
)
