-- what a change wrote and ended, and what has changed since: nothing may have, or taking it back would lose that
with touched as (
    select a.asset_id, a.kind, a.code, a.version
      from asset a
     where a.city_id = $1::smallint and a.change_id = $2::int
     union all
    select a.asset_id, a.kind, a.code, a.version
      from asset a
     where a.city_id = $1::smallint and a.ended_by = $2::int
       and not exists (
            select 1 from asset n
             where n.city_id = a.city_id and n.asset_id = a.asset_id and n.version = a.version + 1 and n.change_id = $2::int
           )
), later as (
    select t.kind, t.code
      from touched t
      join asset a on a.city_id = $1::smallint and a.asset_id = t.asset_id and a.version = t.version
     where exists (select 1 from asset n where n.city_id = $1::smallint and n.asset_id = t.asset_id and n.version > t.version)
        or (a.change_id = $2::int and a.valid_to_at is not null and a.ended_by is distinct from $2::int)
     order by t.kind, t.code
)
select (select count(*) from touched) as touched, (select count(*) from later) as later,
       array(select kind || ' ' || code from later limit 10) as named
