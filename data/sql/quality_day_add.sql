insert into quality_day (city_id, day, company_id, area_id, kind, code, counted, lost)
select $1, (now() at time zone c.zone)::date, added.company_id, added.area_id, added.kind, added.code, added.counted, added.lost
from unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::float8[])
    as added (company_id, area_id, kind, code, counted, lost)
join city c on c.city_id = $1
on conflict (city_id, day, company_id, area_id, kind, code)
do update set counted = quality_day.counted + excluded.counted, lost = quality_day.lost + excluded.lost
