-- quality alarms of what the caller sees: unfinished ones first, the newest first
select l.quality_alarm_id, l.kind, l.company_id, coalesce(c.name, '') as company_name, l.asset_id, a.name as asset_name,
       a.kind as asset_kind, l.check_id, coalesce(q.point, '') as point, coalesce(q.rule, '') as rule,
       coalesce(q.why_zh, '') as why_zh, coalesce(q.why_en, '') as why_en, l.raised_at,
       case when q.state = 'closed' then q.verdict_at else l.over_at end as over_at,
       {part:quality_alarm_state} as state, q.verdict, count(*) over () as total
  from quality_alarm l
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
  left join asset c on c.city_id = l.city_id and c.asset_id = l.company_id and c.valid_to_at is null
  left join quality_check q on q.city_id = l.city_id and q.check_id = l.check_id
 where {scope:a}
   and ($4::int[] is null or l.company_id is null or l.company_id = any($4::int[]))
   and ($5::text is null or {part:quality_alarm_state} = $5
        or ($5 = 'unfinished' and {part:quality_alarm_state} <> 'closed'))
   and ($6::int is null or l.company_id = $6)
   and ($7::text is null or l.kind = $7)
   and ($8::bigint[] is null or l.quality_alarm_id = any($8::bigint[]))
 order by {part:quality_alarm_state} = 'closed', l.quality_alarm_id desc
 limit $9
offset $10
