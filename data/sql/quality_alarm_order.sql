-- a work order went to the company: its quality alarm is told again; a value that a person doubts becomes one
insert into quality_alarm (city_id, kind, company_id, asset_id, check_id)
select q.city_id, case when q.made_by = '' then 'value' else 'doubt' end, $3, q.asset_id, q.check_id
  from quality_check q
 where q.city_id = $1 and q.check_id = $2
    on conflict (city_id, check_id) do update set told_at = null
