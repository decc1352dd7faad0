"""Take sources out of use without losing their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "source", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="out of use since; NULL = in use")
    )


def downgrade() -> None:
    op.drop_column("source", "retired_at")
