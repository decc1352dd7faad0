insert into plan_valve (city_id, plan_id, order_no, asset_id, action)
select $1::smallint, $2::int, v.number, v.asset_id, v.action
  from unnest($3::int[], $4::text[]) with ordinality as v (asset_id, action, number)
