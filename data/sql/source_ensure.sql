-- one source for each asset of the kinds $2, whose frames have the schemas $3
insert into source (city_id, source_id, code, asset_id, schema_id, period_s)
select
    $1,
    (select coalesce(max(source_id), 0) from source where city_id = $1) + row_number() over (order by a.kind, a.code),
    a.kind || ':' || a.code,
    a.asset_id,
    wanted.schema_id,
    $4
from asset a
join unnest($2::text[], $3::int[]) as wanted (kind, schema_id) on wanted.kind = a.kind
where a.city_id = $1 and a.valid_to_at is null
  and not exists (select 1 from source s where s.city_id = a.city_id and s.code = a.kind || ':' || a.code)
