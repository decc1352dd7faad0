-- by rule: raised in a period, judged, and how many of the judged were false
select r.code as rule_code, r.name_zh as rule_name_zh, r.name_en as rule_name_en,
       count(*) as raised,
       count(l.false_alarm) as judged,
       count(*) filter (where l.false_alarm) as false_alarms
  from alarm l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and l.raised_at >= $5
   and l.raised_at < $6
 group by r.code, r.name_zh, r.name_en
 order by raised desc, r.code
