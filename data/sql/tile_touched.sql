-- assets whose tile rows may say something else after a change, with their kinds: those written, members of the pairs that these
-- left or joined, what names a substation or another object that came or went, and $2, which got another district
with code as (
    select r.kind, r.old_pair_code as pair_code from archive_row r where r.old_pair_code is not null
     union
    select r.kind, r.attributes ->> 'pair_code' from archive_row r where r.attributes ->> 'pair_code' is not null
), appeared as (
    select r.kind, r.code from archive_row r where r.retire or not r.current
)
select r.asset_id, r.kind
  from archive_row r
 union
select a.asset_id, a.kind
  from code c
  join asset a
    on a.city_id = $1::smallint and a.kind = c.kind and a.attributes ->> 'pair_code' = c.pair_code and a.valid_to_at is null
 union
select t.asset_id, 'pipe'
  from archive_row r
  join tile_pipe p on p.city_id = $1::smallint and p.asset_id = r.asset_id
  join tile_pipe t on t.city_id = $1::smallint and t.pair_id = p.pair_id
 union
select a.asset_id, a.kind
  from asset a
 where a.city_id = $1::smallint and a.kind = 'building' and a.valid_to_at is null
   and exists (select from appeared where kind = 'substation')
   and a.attributes ->> 'substation_code' in (select code from appeared where kind = 'substation')
 union
select a.asset_id, a.kind
  from asset a
  join appeared o
    on o.kind = case a.kind when 'licence_area' then 'company' else a.attributes ->> 'of_kind' end
   and o.code = case a.kind when 'licence_area' then a.attributes ->> 'company_code' else a.attributes ->> 'of_code' end
 where a.city_id = $1::smallint and a.kind in ('coverage_area', 'licence_area') and a.valid_to_at is null
 union
select a.asset_id, a.kind
  from asset a
 where a.city_id = $1::smallint and a.asset_id = any($2::int[]) and a.valid_to_at is null
