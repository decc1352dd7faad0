"""Imports and the conversions of datums that they made."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from data.tables.columns import metadata, now

import_run = Table(
    "import_run",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("import_id", BigInteger, Identity(), primary_key=True),
    Column("manifest_sha256", LargeBinary, nullable=False),
    Column("seat", Text, nullable=False, comment="who imported"),
    now("finished_at"),
    Column("report", JSONB, nullable=False),
)

datum_conversion = Table(
    "datum_conversion",
    metadata,
    Column("city_id", SmallInteger, ForeignKey("city.city_id"), primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("layer", Text, primary_key=True),
    Column("input_sha256", LargeBinary, nullable=False),
    Column("output_sha256", LargeBinary, nullable=False),
    Column("datum", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("operation", Text, nullable=False, comment="text of the operation that ran"),
    Column("accuracy_m", Double, comment="stated accuracy; NULL = unknown"),
    Column("vertex_count", Integer, nullable=False),
    Column("round_trip_max_m", Double),
    Column("file", Text, nullable=False, server_default=""),
    Column("datum_out", Text, nullable=False, server_default="wgs84", comment="system of the result"),
    Column("parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="of a local or old datum"),
    Column("bounds_in", ARRAY(Double), comment="left, bottom, right, top in the unit of the datum"),
    Column("bounds_out", ARRAY(Double), comment="west, south, east, north in degrees"),
    Column("seconds", Double, comment="duration of the conversion"),
    Column("program_version", Text, nullable=False, server_default=""),
    Column("seat", Text, nullable=False, server_default="", comment="who imported"),
    now("made_at"),
    Column(
        "sketch", ARRAY(BigInteger), nullable=False, server_default="{}", comment="sampled hashes of the vertices of the result"
    ),
    Column("sketch_level", SmallInteger, nullable=False, server_default="0", comment="one vertex in 2^level is in the sketch"),
)
Index("ix_datum_conversion_output", datum_conversion.c.output_sha256)
Index("ix_datum_conversion_sketch", datum_conversion.c.sketch, postgresql_using="gin")
Index("ix_datum_conversion_made_at", datum_conversion.c.city_id, datum_conversion.c.made_at)
