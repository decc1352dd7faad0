insert into alarm_rule (city_id, rule_id, code, name_zh, name_en, schema_code, point, above, below, deadband, level)
select $1, (select coalesce(max(rule_id), 0) + 1 from alarm_rule where city_id = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10
where not exists (select 1 from alarm_rule where city_id = $1 and code = $2)
