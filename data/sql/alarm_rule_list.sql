select rule_id, code, name_zh, name_en, schema_code, point, above, below, deadband, level
from alarm_rule
where city_id = $1 and enabled
order by rule_id
