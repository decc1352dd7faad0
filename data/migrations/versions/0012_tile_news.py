"""Tell caches of tiles what has changed: every writer of a tile table sends the cells that it wrote, on commit."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TILESETS = {
    "tile_pipe": "network",
    "tile_pipe_zoom": "network",
    "tile_building": "buildings",
    "tile_point": "assets",
    "tile_base": "base",
    "tile_coverage": "coverage",
}

_CELL = """
create function tile_cell(geom geometry) returns geometry language sql immutable as $$
-- the corner of the cell of zoom 14 in which a geometry begins: 40,075,016.68557849 m / 2^14
select st_snaptogrid(st_makepoint(st_xmin(geom), st_ymin(geom)), 2445.98490512564)
$$
"""

_SEND = """
create function tile_send(city smallint, tileset text, boxes box2d[]) returns void language plpgsql as $$
-- 1,000 boxes are more than a cell version is worth; 120 of at most 48 bytes each are a payload below 7,500 bytes
declare
    part text;
begin
    if cardinality(boxes) > 1000 then
        perform pg_notify('heat_twin_tiles', json_build_object('city', city, 'tileset', tileset, 'all', true)::text);
        return;
    end if;
    for part in
        select string_agg(
                   format('[%s,%s,%s,%s]', floor(st_xmin(b))::bigint, floor(st_ymin(b))::bigint,
                                           ceil(st_xmax(b))::bigint, ceil(st_ymax(b))::bigint), ',' order by place)
          from unnest(boxes) with ordinality as u (b, place)
         group by (place - 1) / 120
    loop
        perform pg_notify('heat_twin_tiles', format('{"city":%s,"tileset":"%s","boxes":[%s]}', city, tileset, part));
    end loop;
end
$$
"""

_TELL = """
create function tile_tell() returns trigger language plpgsql as $$
-- argument: the tileset; rows that a statement wrote are grouped by the cell of zoom 14 in which they begin
begin
    if tg_op = 'UPDATE' then
        perform tile_send(c.city_id, tg_argv[0], array_agg(c.box))
           from (select city_id, st_extent(geom) as box
                   from (select city_id, geom from before union all select city_id, geom from after) w
                  group by city_id, tile_cell(geom)) c
          group by c.city_id;
    else
        perform tile_send(c.city_id, tg_argv[0], array_agg(c.box))
           from (select city_id, st_extent(geom) as box from written group by city_id, tile_cell(geom)) c
          group by c.city_id;
    end if;
    return null;
end
$$
"""

_TELL_PROBLEM = """
create function problem_tell() returns trigger language plpgsql as $$
-- of problems only what tiles show and who may see it counts
begin
    if tg_op = 'UPDATE' then
        perform tile_send(c.city_id, 'problems', array_agg(c.box))
           from (select city_id, st_extent(geom) as box
                   from (select w.city_id, st_transform(w.geom, 3857) as geom
                           from before b
                           join after a using (city_id, problem_id)
                          cross join lateral (values (b.city_id, b.geom), (a.city_id, a.geom)) w (city_id, geom)
                          where w.geom is not null
                            and (b.rule, b.state, b.kind, b.area_id, b.company_id, b.asset_ids, b.geom::bytea)
                                is distinct from (a.rule, a.state, a.kind, a.area_id, a.company_id, a.asset_ids, a.geom::bytea)) w
                  group by city_id, tile_cell(geom)) c
          group by c.city_id;
    else
        perform tile_send(c.city_id, 'problems', array_agg(c.box))
           from (select city_id, st_extent(geom) as box
                   from (select city_id, st_transform(geom, 3857) as geom from written where geom is not null) w
                  group by city_id, tile_cell(geom)) c
          group by c.city_id;
    end if;
    return null;
end
$$
"""

_EVENTS = {"insert": "new table as written", "delete": "old table as written", "update": "old table as before new table as after"}


def upgrade() -> None:
    for statement in (_CELL, _SEND, _TELL, _TELL_PROBLEM):
        op.execute(statement)
    for table, function in [
        *((name, f"tile_tell('{tileset}')") for name, tileset in _TILESETS.items()),
        ("problem", "problem_tell()"),
    ]:
        for event, tables in _EVENTS.items():
            op.execute(
                f"create trigger {table}_tell_{event} after {event} on {table} referencing {tables}"
                f" for each statement execute function {function}"
            )


def downgrade() -> None:
    for table in (*_TILESETS, "problem"):
        for event in _EVENTS:
            op.execute(f"drop trigger {table}_tell_{event} on {table}")
    for function in ("problem_tell()", "tile_tell()", "tile_send(smallint, text, box2d[])", "tile_cell(geometry)"):
        op.execute(f"drop function {function}")
