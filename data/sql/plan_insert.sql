insert into plan (
    city_id, plan_id, title, asset_ids, planned_from_at, planned_to_at, crew, note, seat, made_at, network_version, valve_version,
    lost, lost_ids
)
select $1::smallint, coalesce(max(p.plan_id), 0) + 1, $2, $3::int[], $4, $5, $6, $7, $8, clock_timestamp(), $9, $10, $11::jsonb,
       $12::int[]
  from plan p
 where p.city_id = $1::smallint
returning plan_id
