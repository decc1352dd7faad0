"""Keep the values of a frame as one value of bytes, and the delay in place of the time of arrival.

Old frames are rewritten day by day; `float4send` and `float8send` give the byte order that the payload has.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_PAYLOAD = """
    coalesce((select string_agg(float4send(v), ''::bytea order by i) from unnest({row}.gauges) with ordinality g(v, i)), ''::bytea)
    || coalesce((select string_agg(float8send(v), ''::bytea order by i) from unnest({row}.totals) with ordinality t(v, i)), ''::bytea)
    || {row}.quality
"""


def upgrade() -> None:
    op.execute("alter table reading_frame rename to reading_frame_before")
    op.execute("alter table reading_frame_before rename constraint pk_reading_frame to pk_reading_frame_before")
    op.execute("alter index ix_reading_frame_observed_at rename to ix_reading_frame_before_observed_at")
    op.create_table(
        "reading_frame",
        sa.Column("city_id", sa.SmallInteger(), nullable=False),
        sa.Column("schema_id", sa.SmallInteger(), nullable=False),
        sa.Column("source_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delay_s", sa.Integer(), nullable=False, comment="arrival minus observed_at; negative = clock ahead"),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="gauges, totals, quality of twin.frames"),
        sa.PrimaryKeyConstraint("city_id", "source_id", "observed_at", name=op.f("pk_reading_frame")),
        postgresql_partition_by="RANGE (observed_at)",
    )
    op.create_index("ix_reading_frame_observed_at", "reading_frame", ["observed_at"], unique=False, postgresql_using="brin")
    op.execute(
        f"""
        do $$
        declare
          day regclass;
          bounds text;
          name text;
        begin
          for day, bounds in
            select c.oid, pg_get_expr(c.relpartbound, c.oid)
            from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'reading_frame_before'::regclass
          loop
            select relname into name from pg_class where oid = day;
            execute format('alter table %s rename to %I', day, name || '_before');
            execute format('create table %I partition of reading_frame %s', name, bounds);
            execute format(
              $sql$insert into reading_frame
                     select f.city_id, f.schema_id, f.source_id, f.observed_at,
                            extract(epoch from f.received_at - f.observed_at)::integer, {_PAYLOAD.format(row="f")}
                     from %I f$sql$, name || '_before');
            execute format('drop table %I', name || '_before');
          end loop;
        end
        $$
        """
    )
    op.execute("drop table reading_frame_before")
    for table in ("reading_conflict", "latest_frame"):
        op.add_column(table, sa.Column("payload", sa.LargeBinary(), nullable=True))
        op.execute(f"update {table} r set payload = {_PAYLOAD.format(row='r')}")
        op.alter_column(table, "payload", nullable=False)
        for column in ("gauges", "totals", "quality"):
            op.drop_column(table, column)


def downgrade() -> None:
    """Readings cannot go back to arrays in SQL: PostgreSQL has no function that reads a float out of bytes."""
    raise NotImplementedError("revision 0017 rewrote the readings; restore a backup made before it")
