-- limits that persons set for a rule at single sources of visible assets
select l.place, l.limit_value, l.seat, l.note, l.changed_at, s.code as source, a.asset_id, a.name as asset_name
  from alarm_limit l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join source s on s.city_id = l.city_id and s.source_id = l.source_id
  join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
 where {scope:a}
   and r.code = $5
   and l.limit_value is not null
 order by a.asset_id, s.code, l.place
