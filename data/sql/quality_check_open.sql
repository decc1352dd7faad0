-- by company: unfinished checks of visible assets, and of those how many wait for the company
select coalesce(a.company_id, 0) as company_id, count(*)::int as unfinished, count(*) filter (where q.state = 'sent')::int as sent
from quality_check q
join asset a on a.city_id = q.city_id and a.asset_id = q.asset_id and a.valid_to_at is null
where {scope:a}
  and q.state <> 'closed'
group by 1
