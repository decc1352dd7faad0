-- add the rules whose code the city does not know, in their order; those that it has stay as somebody may have edited them
insert into alarm_rule (
    city_id, rule_id, code, name_zh, name_en, schema_code, point, above, below, deadband, level,
    per_h, also, on_delay_s, off_delay_s, season, upstream_healthy, by_device, pop_up, advice
)
select $1, (select coalesce(max(rule_id), 0) from alarm_rule where city_id = $1) + row_number() over (order by r.place),
       r.code, r.name_zh, r.name_en, r.schema_code, r.point, r.above, r.below, r.deadband, r.level,
       r.per_h, r.also, r.on_delay_s, r.off_delay_s, r.season, r.upstream_healthy, r.by_device, r.pop_up, r.advice
  from jsonb_to_recordset($2::jsonb) as r (
    place int, code text, name_zh text, name_en text, schema_code text, point text, above float8, below float8,
    deadband float8, level smallint, per_h boolean, also jsonb, on_delay_s float8, off_delay_s float8, season text,
    upstream_healthy boolean, by_device boolean, pop_up boolean, advice text
  )
 where not exists (select 1 from alarm_rule known where known.city_id = $1 and known.code = r.code)
