-- rows of registers whose parent or substation got another owner or district (the rule of register_links.sql);
-- rows of a retired building keep theirs: without an owner every company would see them; $2: a district has moved, so that every row may stand elsewhere
with target as (
    select r.kind, r.row_id, r.asset_id, r.geom, r.attributes ->> 'substation_code' as station_code, r.area_id, r.company_id
      from register_row r
     where r.city_id = $1::smallint
       and ($2::boolean
            or r.asset_id in (select t.asset_id from archive_row t where not t.retire)
            or r.attributes ->> 'substation_code' in (
                select t.code from archive_row t where t.kind = 'substation' and not t.retire
               ))
), link as (
    select t.kind, t.row_id, coalesce(station.company_id, parent.company_id) as company_id,
           coalesce(here.asset_id, parent.area_id, station.area_id) as area_id
      from target t
      join asset parent on parent.city_id = $1::smallint and parent.asset_id = t.asset_id and parent.valid_to_at is null
      left join asset station
        on station.city_id = $1::smallint and station.kind = 'substation' and station.code = t.station_code
       and station.valid_to_at is null
      left join lateral (
            select d.asset_id
              from asset d
             where d.city_id = $1::smallint and d.kind = 'district' and d.valid_to_at is null
               and t.geom is not null and st_intersects(d.geom, t.geom)
             order by d.asset_id
             limit 1
           ) here on true
)
update register_row r
   set company_id = l.company_id,
       area_id = l.area_id
  from link l
 where r.city_id = $1::smallint
   and r.kind = l.kind
   and r.row_id = l.row_id
   and (r.company_id, r.area_id) is distinct from (l.company_id, l.area_id)
