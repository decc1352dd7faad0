-- the states that finish puts back
update plan_valve v
   set state_before = b.state
  from unnest($3::int[], $4::text[]) as b (asset_id, state)
 where v.city_id = $1
   and v.plan_id = $2
   and v.asset_id = b.asset_id
