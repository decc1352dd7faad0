-- alarms raised in a period by what is asked: $5 from, $6 to, $7 month | day | level | kind | area | company | rule, $8 zone.
-- Counted by numbers first, days by quarters of an hour (no zone is off by less); names and dates are made of the few that come out
with counted as (
    select case when $7::text in ('month', 'day') then date_bin('15 minutes', l.raised_at, 'epoch') end as slot,
           case $7::text when 'level' then l.level when 'area' then a.area_id when 'company' then a.company_id
                         when 'rule' then l.rule_id end as number,
           case when $7::text = 'kind' then a.kind end as kind,
           count(*) as raised,
           count(*) filter (where l.active) as open,
           count(*) filter (where l.acknowledged) as handled,
           count(l.false_alarm) as judged,
           count(*) filter (where l.false_alarm) as false_alarms
      from alarm l
      join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
     where {scope:a}
       and l.raised_at >= $5
       and l.raised_at < $6
     group by 1, 2, 3
)
select case $7::text
         when 'month' then to_char(c.slot at time zone $8::text, 'YYYY-MM')
         when 'day' then to_char(c.slot at time zone $8::text, 'YYYY-MM-DD')
         when 'kind' then c.kind
         when 'rule' then r.code
         else c.number::text
       end as key,
       case when $7::text in ('area', 'company') then min(n.name) when $7::text = 'rule' then min(r.name_zh) end as name,
       sum(c.raised)::bigint as raised,
       sum(c.open)::bigint as open,
       sum(c.handled)::bigint as handled,
       sum(c.judged)::bigint as judged,
       sum(c.false_alarms)::bigint as false_alarms
  from counted c
  left join alarm_rule r on $7::text = 'rule' and r.city_id = $1 and r.rule_id = c.number
  left join asset n on $7::text in ('area', 'company') and n.city_id = $1 and n.valid_to_at is null and n.asset_id = c.number
 group by 1
 order by case when $7::text in ('month', 'day', 'level') then 0 else sum(c.raised) end desc, key
 limit 1000
