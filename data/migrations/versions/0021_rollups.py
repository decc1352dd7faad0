"""Add roll-ups of readings, how far they reach and what has to be made again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rollup_block",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("every_s", sa.Integer(), autoincrement=False, nullable=False, comment="60, 600, 3600 or 86400"),
        sa.Column("schema_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "part",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="source_id / 64 (many points: 8) of a period that is over; -1 - source_id / 4096 as it was made",
        ),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False, comment="where the first bucket begins"),
        sa.Column(
            "block_id",
            sa.BigInteger(),
            sa.Identity(),
            nullable=False,
            comment="of two rows for a bucket that of the later block counts",
        ),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False, comment="where the last bucket begins"),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="rows of twin.rollups, compressed"),
        sa.PrimaryKeyConstraint("city_id", "every_s", "schema_id", "part", "first_at", "block_id", name=op.f("pk_rollup_block")),
    )
    # the rows are compressed already; small blocks stay outside of the table as well, so that its index scans stay narrow
    op.execute("alter table rollup_block alter column payload set storage external")
    op.create_table(
        "rollup_progress",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("done_until_at", sa.DateTime(timezone=True), nullable=False, comment="windows up to here are made"),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_rollup_progress")),
    )
    op.create_table(
        "rollup_mark",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mark_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False, comment="0 = all sources, and the whole UTC day"),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False, comment="hour that has to be made again"),
        sa.PrimaryKeyConstraint("city_id", "mark_id", name=op.f("pk_rollup_mark")),
    )


def downgrade() -> None:
    op.drop_table("rollup_mark")
    op.drop_table("rollup_progress")
    op.drop_table("rollup_block")
