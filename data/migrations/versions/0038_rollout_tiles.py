"""Tiles of the rollout: caches hear when its sums change, and cities that have tiles have these too."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_TELL = """
create function rollout_tell() returns trigger language plpgsql as $$
-- what one village changes its township, its district and the city change too, whose grounds are in most tiles: all are told of
begin
    perform pg_notify('heat_twin_tiles', json_build_object('city', c.city_id, 'tileset', 'rollout', 'all', true)::text)
       from (select distinct city_id from written) c;
    return null;
end
$$
"""
_TABLES = ("rollout_area", "rollout_sum")
_EVENTS = {"insert": "new table as written", "delete": "old table as written", "update": "new table as written"}


def upgrade() -> None:
    op.execute(_TELL)
    for table in _TABLES:
        for event, tables in _EVENTS.items():
            op.execute(
                f"create trigger {table}_tell_{event} after {event} on {table} referencing {tables}"
                " for each statement execute function rollout_tell()"
            )
    op.execute(
        "insert into tile_version (city_id, tileset, assets_version, built_at)"
        " select city_id, 'rollout', assets_version, built_at from tile_version where tileset = 'problems'"
    )


def downgrade() -> None:
    op.execute("delete from tile_version where tileset = 'rollout'")
    for table in _TABLES:
        for event in _EVENTS:
            op.execute(f"drop trigger {table}_tell_{event} on {table}")
    op.execute("drop function rollout_tell()")
