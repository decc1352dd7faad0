-- by the newest month of each area; a zone is part of the districts it lies on
insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'zone_counts_apart', z.asset_id::text, array[z.asset_id], z.asset_id,
       jsonb_build_object('value', h.households, 'others', string_agg(d.code, ', ' order by d.code))
  from (
        select r.asset_id, sum((r.attributes ->> 'household_count')::numeric) as households
          from register_row r
          join (
                select asset_id, max(attributes ->> 'month') as month
                  from register_row
                 where city_id = %(city_id)s and kind = 'rollout_report'
                 group by asset_id
               ) n on n.asset_id = r.asset_id and n.month = r.attributes ->> 'month'
         where r.city_id = %(city_id)s and r.kind = 'rollout_report'
         group by r.asset_id
       ) h
  join asset z on z.city_id = %(city_id)s and z.asset_id = h.asset_id and z.valid_to_at is null and z.kind = 'zone'
  join asset d
    on d.city_id = %(city_id)s and d.valid_to_at is null and d.kind = 'district' and st_intersects(d.geom, z.geom)
 where h.households > 0
   and exists (
       select 1
         from register_row o
        where o.city_id = %(city_id)s
          and o.kind = 'rollout_report'
          and o.asset_id = d.asset_id
          and (o.attributes ->> 'household_count')::numeric > 0
   )
 group by z.asset_id, h.households
