insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'building_outside_licence', b.asset_id::text, array[b.asset_id, b.other_id], b.asset_id,
       jsonb_build_object('company', b.company, 'other', b.other)
  from (
        select distinct on (s.asset_id) s.asset_id, h.attributes ->> 'company_code' as company,
               l.asset_id as other_id, a.attributes ->> 'company_code' as other
          from check_shape s
          join asset n on n.city_id = %(city_id)s and n.asset_id = s.asset_id and n.valid_to_at is null
          join asset h
            on h.city_id = n.city_id and h.kind = 'substation' and h.valid_to_at is null and h.code = n.attributes ->> 'substation_code'
          join check_shape l on l.kind = 'licence_area' and l.m && s.m and st_contains(l.m, st_centroid(s.m))
          join asset a on a.city_id = n.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
         where s.kind = 'building'
           and a.attributes ->> 'company_code' <> h.attributes ->> 'company_code'
           and exists (
               select 1
                 from asset o
                where o.city_id = n.city_id and o.kind = 'licence_area' and o.valid_to_at is null
                  and o.attributes ->> 'company_code' = h.attributes ->> 'company_code'
           )
           and not exists (
               select 1
                 from check_shape o
                 join asset oa on oa.city_id = n.city_id and oa.asset_id = o.asset_id and oa.valid_to_at is null
                where o.kind = 'licence_area' and o.m && s.m and st_contains(o.m, st_centroid(s.m))
                  and oa.attributes ->> 'company_code' = h.attributes ->> 'company_code'
           )
         order by s.asset_id, l.asset_id
       ) b
