insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'z_implausible', z.asset_id::text, array[z.asset_id], z.asset_id,
       jsonb_build_object(
           'low', round(z.low::numeric, 2), 'high', round(z.high::numeric, 2), 'slope', round(z.slope::numeric * 100)
       )
  from (
        select a.asset_id, st_zmin(a.geom) as low, st_zmax(a.geom) as high,
               case
                   when st_dimension(a.geom) = 1 and st_zmax(a.geom) - st_zmin(a.geom) > 5
                   then (st_zmax(a.geom) - st_zmin(a.geom)) / greatest(st_length(a.geom::geography), 0.1)
                   else 0
               end as slope
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and st_ndims(a.geom) > 2
       ) z
 where (z.low = 0 and z.high = 0) or z.low < -200 or z.high > 6000 or z.slope > 1
