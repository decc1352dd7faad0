-- by rule: checks of visible assets that have a verdict, and of those how many were false flags
select q.rule, count(*)::int as judged, count(*) filter (where q.verdict = 'right')::int as false_flags
from quality_check q
join asset a on a.city_id = q.city_id and a.asset_id = q.asset_id and a.valid_to_at is null
where {scope:a}
  and q.verdict in ('right', 'wrong')
group by q.rule
