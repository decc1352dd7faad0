-- alarms raised in a period by what is asked: $5 from, $6 to, $7 month | day | level | kind | area | company | rule, $8 zone
select case $7::text
         when 'month' then to_char(l.raised_at at time zone $8::text, 'YYYY-MM')
         when 'day' then to_char(l.raised_at at time zone $8::text, 'YYYY-MM-DD')
         when 'level' then l.level::text
         when 'kind' then a.kind
         when 'area' then a.area_id::text
         when 'company' then a.company_id::text
         else r.code
       end as key,
       case $7::text when 'area' then min(n.name) when 'company' then min(n.name) when 'rule' then min(r.name_zh) end as name,
       count(*) as raised,
       count(*) filter (where l.active) as open,
       count(*) filter (where l.acknowledged) as handled,
       count(l.false_alarm) as judged,
       count(*) filter (where l.false_alarm) as false_alarms
  from alarm l
  join alarm_rule r on r.city_id = l.city_id and r.rule_id = l.rule_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
  left join asset n on n.city_id = a.city_id and n.valid_to_at is null
   and n.asset_id = case $7::text when 'area' then a.area_id when 'company' then a.company_id end
 where {scope:a}
   and l.raised_at >= $5
   and l.raised_at < $6
 group by 1
 order by case when $7::text in ('month', 'day', 'level') then 0 else count(*) end desc, key
 limit 1000
