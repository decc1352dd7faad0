"""Height of the sea above the ellipsoid in a city."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "city",
        sa.Column(
            "geoid_height_m",
            sa.Double(),
            nullable=True,
            comment="height of the national height datum above the WGS-84 ellipsoid; NULL = not stated, 0 is taken",
        ),
    )


def downgrade() -> None:
    op.drop_column("city", "geoid_height_m")
