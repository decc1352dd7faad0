-- other running plans that hold valves of this one
select v.plan_id, v.asset_id, v.action, v.state_before
  from plan_valve v
  join plan p on p.city_id = v.city_id and p.plan_id = v.plan_id
 where v.city_id = $1
   and v.plan_id <> $2
   and v.asset_id = any($3::int[])
   and p.state = 'running'
 order by v.plan_id
