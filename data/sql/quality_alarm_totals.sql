-- quality alarms raised on some days of the city's zone, by company, kind of asset, kind of alarm or day
select case $5::text when 'company' then coalesce(l.company_id::text, '')
                     when 'kind' then a.kind
                     when 'alarm' then l.kind
                     else (l.raised_at at time zone t.zone)::date::text end as key,
       max(case when $5::text = 'company' then coalesce(c.name, '') else '' end) as name,
       count(*)::int as raised,
       count(*) filter (where {part:quality_alarm_state} = 'open')::int as open,
       count(*) filter (where {part:quality_alarm_state} = 'sent')::int as sent,
       count(*) filter (where {part:quality_alarm_state} = 'answered')::int as answered,
       count(*) filter (where {part:quality_alarm_state} = 'closed')::int as closed,
       count(*) filter (where q.verdict = 'right')::int as false_flags
  from quality_alarm l
  join city t on t.city_id = l.city_id
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
  left join asset c on c.city_id = l.city_id and c.asset_id = l.company_id and c.valid_to_at is null
  left join quality_check q on q.city_id = l.city_id and q.check_id = l.check_id
 where {scope:a}
   and ($4::int[] is null or l.company_id is null or l.company_id = any($4::int[]))
   and l.raised_at >= coalesce($6::date, (now() at time zone t.zone)::date)::timestamp at time zone t.zone
   and l.raised_at < (coalesce($7::date, (now() at time zone t.zone)::date) + 1)::timestamp at time zone t.zone
   and ($8::int is null or l.company_id = $8)
 group by 1
 order by count(*) desc, 1
