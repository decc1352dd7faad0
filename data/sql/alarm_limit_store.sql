insert into alarm_limit (city_id, rule_id, source_id, place, limit_value, seat, note, changed_at)
select $1, r.rule_id, $3, $4, $5, $6, $7, clock_timestamp()
  from alarm_rule r
 where r.city_id = $1 and r.code = $2
on conflict (city_id, rule_id, source_id, place) do update
   set limit_value = excluded.limit_value, seat = excluded.seat, note = excluded.note, changed_at = excluded.changed_at
