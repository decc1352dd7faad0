"""Have the copies for tiles built anew: those of an older program lack what they say of pipes since revision 0011.

Version 0 of the assets is one that no copy can show, so the next server finds the copies old and refreshes them by itself.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update tile_version set assets_version = 0")


def downgrade() -> None:
    """Leave the copies as they are: they hold more than the older program asks."""
