"""Keep the history of valve and source states, plans, and the intervals of the dominator tree."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ORIGIN = "origin in ('measured', 'reported', 'assumed')"
_STATE = "state in ('open', 'closed', 'unknown')"
_OPERABILITY = "operability in ('usable', 'stuck', 'no_access', 'tagged_out')"

# the states recorded so far are the first of their history
_CARRY = """
insert into valve_state_history (city_id, asset_id, state, origin, seat, note, changed_at, valve_version)
select v.city_id, v.asset_id, v.state, v.origin, v.seat, v.note, v.changed_at, c.valve_version
  from valve_state v
  join city c on c.city_id = v.city_id
 order by v.changed_at, v.asset_id
"""

# per asset, for plain SQL: docs/intervals.md
_ELEMENT_INTERVAL = """
create view element_interval as
select i.city_id, i.asset_id, i.kind, i.pair_id, i.tin, i.tout, i.exact, w.network_version, w.valve_version,
       (w.network_version, w.valve_version) is distinct from (c.network_version, c.valve_version) as stale
  from interval_element i
  join interval_version w on w.city_id = i.city_id
  join city c on c.city_id = i.city_id
 where i.kind <> 'segment'
union all
select p.city_id, p.asset_id, p.kind, p.pair_id, i.tin, i.tout, i.exact, w.network_version, w.valve_version,
       (w.network_version, w.valve_version) is distinct from (c.network_version, c.valve_version)
  from interval_pipe p
  join interval_element i on i.city_id = p.city_id and i.asset_id = p.segment_id and i.kind = 'segment'
  join interval_version w on w.city_id = p.city_id
  join city c on c.city_id = p.city_id
"""

_CUT = """
with version as materialized (
    select (w.network_version, w.valve_version) is distinct from (c.network_version, c.valve_version) as stale
      from city c
      left join interval_version w on w.city_id = c.city_id
     where c.city_id = of_city
), cut as materialized (
    select i.tin, i.tout, i.exact
      from interval_element i
     where i.city_id = of_city
       and i.asset_id = of_asset
       and i.kind <> 'segment'
       and i.tout > i.tin
       and not (select v.stale from version v)
    union
    select i.tin, i.tout, i.exact
      from interval_pipe p
      join interval_element i on i.city_id = p.city_id and i.asset_id = p.segment_id and i.kind = 'segment'
     where p.city_id = of_city
       and p.asset_id = of_asset
       and not (select v.stale from version v)
)"""

_LOST_BUILDINGS_OF = """
create function lost_buildings_of(of_city integer, of_asset integer)
returns table (asset_id integer, stale boolean)
language sql stable
as $$
CUT
select distinct i.asset_id, false
  from cut c
  join interval_element i on i.city_id = of_city and i.kind = 'building' and i.tin >= c.tin and i.tin < c.tout
union all
select null, true
  from version v
 where v.stale
$$
"""

_IMPACT_OF = """
create function impact_of(of_city integer, of_asset integer)
returns table (asset_id integer, kind text, exact boolean, stale boolean)
language sql stable
as $$
CUT, lost as (
    select i.asset_id, i.kind, i.pair_id, c.exact or i.kind = 'building' as exact
      from cut c
      join interval_element i
        on i.city_id = of_city
       and i.kind in ('valve', 'substation', 'building')
       and i.tin >= c.tin
       and i.tin < c.tout
    union all
    select p.asset_id, p.kind, p.pair_id, c.exact
      from cut c
      join interval_element i on i.city_id = of_city and i.kind = 'segment' and i.tin >= c.tin and i.tin < c.tout
      join interval_pipe p on p.city_id = of_city and p.segment_id = i.asset_id and p.kind = 'pipe'
)
select n.asset_id, n.kind, bool_and(n.exact), false
  from (
       select l.asset_id, l.kind, l.exact from lost l
       union all
       select l.pair_id, l.kind, l.exact from lost l where l.pair_id is not null
       ) n
 group by n.asset_id, n.kind
union all
select null, null, null, true
  from version v
 where v.stale
$$
"""


def _city(*, foreign: bool = True) -> tuple[sa.Column]:
    key = (sa.ForeignKey("city.city_id"),) if foreign else ()
    return (sa.Column("city_id", sa.SmallInteger(), *key, nullable=False, autoincrement=False),)


def _said() -> tuple[sa.Column, ...]:
    return (
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )


def _histories() -> None:
    op.add_column("valve_state", sa.Column("operability", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_valve_state_operability"), "valve_state", _OPERABILITY)
    number = sa.Column("operation_id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    op.create_table(
        "valve_state_history",
        *_city(),
        number,
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("operability", sa.Text(), nullable=True),
        *_said(),
        sa.Column("valve_version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_STATE, name=op.f("ck_valve_state_history_state")),
        sa.CheckConstraint(_ORIGIN, name=op.f("ck_valve_state_history_origin")),
        sa.CheckConstraint(_OPERABILITY, name=op.f("ck_valve_state_history_operability")),
        sa.PrimaryKeyConstraint("city_id", "operation_id", name=op.f("pk_valve_state_history")),
    )
    op.create_table(
        "source_state",
        *_city(),
        sa.Column("asset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        *_said(),
        sa.CheckConstraint(_ORIGIN, name=op.f("ck_source_state_origin")),
        sa.PrimaryKeyConstraint("city_id", "asset_id", name=op.f("pk_source_state")),
    )
    op.create_table(
        "source_state_history",
        *_city(),
        sa.Column("operation_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        *_said(),
        sa.Column("valve_version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_ORIGIN, name=op.f("ck_source_state_history_origin")),
        sa.PrimaryKeyConstraint("city_id", "operation_id", name=op.f("pk_source_state_history")),
    )
    for table in ("valve_state_history", "source_state_history"):
        op.create_index(f"ix_{table}_asset", table, ["city_id", "asset_id", "operation_id"])
    op.execute(_CARRY)


def _intervals() -> None:
    op.create_table(
        "interval_version",
        *_city(foreign=False),
        sa.Column("network_version", sa.BigInteger(), nullable=False),
        sa.Column("valve_version", sa.BigInteger(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("city_id", name=op.f("pk_interval_version")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "interval_element",
        *_city(foreign=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("tin", sa.Integer(), nullable=False),
        sa.Column("tout", sa.Integer(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_interval_element_asset", "interval_element", ["city_id", "asset_id"])
    op.create_index("ix_interval_element_tin", "interval_element", ["city_id", "kind", "tin"])
    op.create_table(
        "interval_pipe",
        *_city(foreign=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=True),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_interval_pipe_asset", "interval_pipe", ["city_id", "asset_id"])
    op.create_index("ix_interval_pipe_segment", "interval_pipe", ["city_id", "segment_id"])
    op.execute(_ELEMENT_INTERVAL)
    for statement in (_LOST_BUILDINGS_OF, _IMPACT_OF):
        op.execute(statement.replace("CUT", _CUT.strip()))


def _plans() -> None:
    op.create_table(
        "plan",
        *_city(),
        sa.Column("plan_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asset_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("planned_from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("crew", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("network_version", sa.BigInteger(), nullable=False),
        sa.Column("valve_version", sa.BigInteger(), nullable=False),
        sa.Column("lost", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("lost_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("state in ('planned', 'running', 'finished', 'cancelled')", name=op.f("ck_plan_state")),
        sa.CheckConstraint("planned_from_at < planned_to_at", name=op.f("ck_plan_period")),
        sa.PrimaryKeyConstraint("city_id", "plan_id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_state", "plan", ["city_id", "state", "planned_from_at"])
    of_plan = (["city_id", "plan_id"], ["plan.city_id", "plan.plan_id"])
    op.create_table(
        "plan_valve",
        *_city(foreign=False),
        sa.Column("plan_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_no", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.CheckConstraint("action in ('close', 'open')", name=op.f("ck_plan_valve_action")),
        sa.CheckConstraint("state_before in ('open', 'closed', 'unknown')", name=op.f("ck_plan_valve_state_before")),
        sa.ForeignKeyConstraint(*of_plan, name=op.f("fk_plan_valve_city_id_plan_id")),
        sa.PrimaryKeyConstraint("city_id", "plan_id", "order_no", name=op.f("pk_plan_valve")),
        sa.UniqueConstraint("city_id", "plan_id", "asset_id", name=op.f("uq_plan_valve_city_id_plan_id_asset_id")),
    )
    op.create_index("ix_plan_valve_asset", "plan_valve", ["city_id", "asset_id"])
    op.create_table(
        "plan_event",
        *_city(foreign=False),
        sa.Column("plan_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("event in ('saved', 'changed', 'started', 'finished', 'cancelled')", name=op.f("ck_plan_event_event")),
        sa.ForeignKeyConstraint(*of_plan, name=op.f("fk_plan_event_city_id_plan_id")),
        sa.PrimaryKeyConstraint("city_id", "plan_id", "version", name=op.f("pk_plan_event")),
    )


def upgrade() -> None:
    _histories()
    _intervals()
    _plans()


def downgrade() -> None:
    for name in ("plan_event", "plan_valve", "plan"):
        op.drop_table(name)
    for name in ("lost_buildings_of", "impact_of"):
        op.execute(f"drop function {name}(integer, integer)")
    op.execute("drop view element_interval")
    for name in ("interval_pipe", "interval_element", "interval_version"):
        op.drop_table(name)
    for name in ("source_state_history", "source_state", "valve_state_history"):
        op.drop_table(name)
    op.drop_column("valve_state", "operability")
