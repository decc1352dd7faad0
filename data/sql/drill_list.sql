-- drills of a city, the newest first; $2 only the running one, $3 one of them
select d.drill_id, d.name, d.seat, d.started_at, d.ends_at, d.ended_at, d.ended_by,
       d.ended_at is null and d.ends_at > now() as running
  from drill d
 where d.city_id = $1
   and (not $2::boolean or (d.ended_at is null and d.ends_at > now()))
   and ($3::bigint is null or d.drill_id = $3)
 order by d.drill_id desc
 limit 50
