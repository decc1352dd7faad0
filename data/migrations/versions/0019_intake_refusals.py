"""Keep messages that the intake refused as a whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_refusal",
        sa.Column("refusal_id", sa.BigInteger(), sa.Identity(), nullable=False, comment="also the order of arrival"),
        sa.Column("city_id", sa.SmallInteger(), comment="NULL = the message names none that exists"),
        sa.Column("company_id", sa.Integer(), comment="asset of the company; NULL = not known"),
        sa.Column("channel", sa.Text(), nullable=False, comment="mqtt | http | exchange"),
        sa.Column("sender", sa.Text(), nullable=False, comment="app id or mqtt:<company>; empty = not known"),
        sa.Column("topic", sa.Text(), nullable=False, comment="topic or path it came by"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="bytes of the message"),
        sa.Column("first_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("refusal_id", name=op.f("pk_intake_refusal")),
    )


def downgrade() -> None:
    op.drop_table("intake_refusal")
