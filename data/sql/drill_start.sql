insert into drill (city_id, name, seat, ends_at)
select $1, $2, $3, $4
 where not exists (select 1 from drill d where d.city_id = $1 and d.ended_at is null and d.ends_at > now())
returning drill_id
