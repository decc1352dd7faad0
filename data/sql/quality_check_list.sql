-- checks of assets that the caller sees: the open ones first, of those the worst and oldest
select q.check_id, q.asset_id, a.name as asset_name, a.kind, a.company_id, s.code as source, q.point, q.observed_at, q.until_at,
       q.value, q.flag, q.rule, q.why_zh, q.why_en, q.times, q.made_by, q.made_at, q.last_at, q.state, q.verdict, q.verdict_by,
       q.verdict_at, q.corrected, q.note, q.sent_by, q.sent_at, q.answer, q.suggested, q.answered_by, q.answered_at,
       count(*) over () as total
from quality_check q
join source s on s.city_id = q.city_id and s.source_id = q.source_id
join asset a on a.city_id = q.city_id and a.asset_id = q.asset_id and a.valid_to_at is null
where {scope:a}
  and ($5::text is null or q.state = $5 or ($5 = 'unfinished' and q.state <> 'closed'))
  and ($6::int is null or q.asset_id = $6)
  and ($7::int is null or a.company_id = $7)
  and ($8::text is null or q.rule = $8)
  and ($9::bigint is null or q.check_id = $9)
order by q.state = 'closed', q.state = 'sent', q.flag desc, q.check_id desc
limit $10
offset $11
