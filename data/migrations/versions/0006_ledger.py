"""The ledger of conversions: boxes, duration, who and when, and a sketch of the result by which it is known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "datum_conversion"


def upgrade() -> None:
    for column in _columns():
        op.add_column(_TABLE, column)
    op.create_index("ix_datum_conversion_output", _TABLE, ["output_sha256"], unique=False)
    op.create_index("ix_datum_conversion_sketch", _TABLE, ["sketch"], unique=False, postgresql_using="gin")
    op.create_index("ix_datum_conversion_made_at", _TABLE, ["city_id", "made_at"], unique=False)
    # what was converted before this revision is dated and signed by its import
    op.execute(
        "update datum_conversion d set made_at = i.finished_at, seat = i.seat"
        " from import_run i where i.city_id = d.city_id and i.import_id = d.import_id"
    )


def _columns() -> list[sa.Column]:
    box = postgresql.ARRAY(sa.Double())
    return [
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("datum_out", sa.Text(), server_default="wgs84", nullable=False, comment="system of the result"),
        sa.Column(
            "parameters",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="of a local or old datum",
        ),
        sa.Column("bounds_in", box, nullable=True, comment="left, bottom, right, top in the unit of the datum"),
        sa.Column("bounds_out", box, nullable=True, comment="west, south, east, north in degrees"),
        sa.Column("seconds", sa.Double(), nullable=True, comment="duration of the conversion"),
        sa.Column("program_version", sa.Text(), server_default="", nullable=False),
        sa.Column("seat", sa.Text(), server_default="", nullable=False, comment="who imported"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "sketch",
            postgresql.ARRAY(sa.BigInteger()),
            server_default="{}",
            nullable=False,
            comment="sampled hashes of the vertices of the result",
        ),
        sa.Column(
            "sketch_level",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="one vertex in 2^level is in the sketch",
        ),
    ]


def downgrade() -> None:
    for index in ("made_at", "sketch", "output"):
        op.drop_index(f"ix_datum_conversion_{index}", table_name=_TABLE)
    for column in reversed(_columns()):
        op.drop_column(_TABLE, column.name)
