select rule_id, code, name_zh, name_en, schema_code, point, above, below, deadband, level,
       per_h, also, on_delay_s, off_delay_s, season, enabled, version, seat, changed_at,
       upstream_healthy, by_device, pop_up, advice
  from alarm_rule
 where city_id = $1
   and (enabled or not $2)
   and ($3::text is null or code = $3)
 order by rule_id
