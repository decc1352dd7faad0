"""Find assets by their unified code: one per deployment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME = "ix_asset_unified_code"


def upgrade() -> None:
    op.create_index(
        _NAME,
        "asset",
        [sa.text("(attributes ->> 'unified_code')")],
        postgresql_where=sa.text("valid_to_at IS NULL AND (attributes ->> 'unified_code') IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(_NAME, table_name="asset")
