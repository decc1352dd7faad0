"""Keep the latest frames as a checkpoint of few large rows with a ledger of the commits since, in place of a row a source.

The next start of a server fills them from the history of the last days.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_commit",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("commit_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
            comment="number of the transaction that wrote it",
        ),
        sa.Column("received_ms", sa.BigInteger(), nullable=False, comment="arrival of its frames, epoch milliseconds"),
        sa.Column("alarms", sa.Integer(), nullable=False, comment="alarms that it opened and closed"),
        sa.Column(
            "moved",
            sa.LargeBinary(),
            nullable=False,
            comment="source_id i32, observed_ms i64, little-endian: the new latest frames",
        ),
        sa.PrimaryKeyConstraint("city_id", "commit_id", name=op.f("pk_reading_commit")),
    )
    op.create_table(
        "latest_checkpoint",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("schema_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "data", sa.LargeBinary(), nullable=False, comment="latest frames of up to 20,000 sources; layout in data.latest"
        ),
        sa.PrimaryKeyConstraint("city_id", "schema_id", "part", name=op.f("pk_latest_checkpoint")),
    )
    # packed binary columns: to look for repetitions in them costs more than it gives
    op.execute("alter table reading_commit alter column moved set storage external")
    op.execute("alter table latest_checkpoint alter column data set storage external")
    op.drop_table("latest_frame")


def downgrade() -> None:
    op.create_table(
        "latest_frame",
        sa.Column("city_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("city_id", "source_id", name=op.f("pk_latest_frame")),
        prefixes=["UNLOGGED"],
    )
    op.drop_table("latest_checkpoint")
    op.drop_table("reading_commit")
