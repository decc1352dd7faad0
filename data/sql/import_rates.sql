insert into rollout_rate as t (city_id, area_id, month, heated_area_m2, clean_area_m2, target_rate)
select %(city_id)s, k.asset_id, n.month, n.heated_area_m2, n.clean_area_m2, n.target_rate
  from unnest(%(area_codes)s::text[], %(months)s::text[], %(heated)s::float8[], %(clean)s::float8[], %(target)s::float8[])
       as n (area_code, month, heated_area_m2, clean_area_m2, target_rate)
  join asset_key k on k.city_id = %(city_id)s and k.kind = 'district' and k.code = n.area_code
on conflict (city_id, area_id, month) do update
   set heated_area_m2 = excluded.heated_area_m2,
       clean_area_m2 = excluded.clean_area_m2,
       target_rate = excluded.target_rate
 where (t.heated_area_m2, t.clean_area_m2, t.target_rate)
       is distinct from (excluded.heated_area_m2, excluded.clean_area_m2, excluded.target_rate)
returning (xmax = 0) as is_new
