-- write a rule anew and keep every version of it; what opened its alarms counts no more when it is off or watches something else
with before as (
    select rule_id, version, schema_code, point
      from alarm_rule
     where city_id = $1 and code = $2
), stored as (
    insert into alarm_rule (
        city_id, rule_id, code, name_zh, name_en, schema_code, point, above, below, deadband, level,
        per_h, also, on_delay_s, off_delay_s, season, enabled, version, seat, changed_at,
        upstream_healthy, by_device, pop_up, advice
    )
    select $1,
           coalesce((select rule_id from before), (select coalesce(max(rule_id), 0) + 1 from alarm_rule where city_id = $1)),
           $2, r.name_zh, r.name_en, r.schema_code, r.point, r.above, r.below, r.deadband, r.level,
           r.per_h, r.also, r.on_delay_s, r.off_delay_s, r.season, r.enabled,
           coalesce((select version from before), 0) + 1, $4, now(),
           r.upstream_healthy, r.by_device, r.pop_up, r.advice
      from jsonb_to_record($3::jsonb) as r (
        name_zh text, name_en text, schema_code text, point text, above float8, below float8, deadband float8, level smallint,
        per_h boolean, also jsonb, on_delay_s float8, off_delay_s float8, season text, enabled boolean,
        upstream_healthy boolean, by_device boolean, pop_up boolean, advice text
      )
    on conflict (city_id, code) do update
       set name_zh = excluded.name_zh, name_en = excluded.name_en, schema_code = excluded.schema_code, point = excluded.point,
           above = excluded.above, below = excluded.below, deadband = excluded.deadband, level = excluded.level,
           per_h = excluded.per_h, also = excluded.also, on_delay_s = excluded.on_delay_s, off_delay_s = excluded.off_delay_s,
           season = excluded.season, enabled = excluded.enabled, version = excluded.version, seat = excluded.seat,
           changed_at = excluded.changed_at, upstream_healthy = excluded.upstream_healthy, by_device = excluded.by_device,
           pop_up = excluded.pop_up, advice = excluded.advice
    returning rule_id, version, enabled, schema_code, point
), logged as (
    insert into alarm_rule_version (city_id, rule_id, version, seat, note, rule)
    select $1, rule_id, version, $4, $5, $3::jsonb from stored
), closed as (
    update alarm a
       set active = false, cleared_at = now()
      from stored s
      left join before b on true
     where a.city_id = $1 and a.rule_id = s.rule_id and a.active
       and (not s.enabled or s.schema_code is distinct from b.schema_code or s.point is distinct from b.point)
    returning a.alarm_id
), closing as (
    insert into alarm_transition (city_id, alarm_id, transition, seat, note)
    select $1, alarm_id, 'cleared', $4, $5 from closed
)
select rule_id, version from stored
