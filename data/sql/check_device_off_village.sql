insert into check_found (rule, key, asset_ids, asset_id, detail)
select 'device_off_village', d.asset_id::text,
       case when d.by_household then array[d.asset_id] else array[d.asset_id, d.village_id] end, d.asset_id,
       jsonb_build_object('other', case when d.by_household then d.household else d.village end, 'metres', round(d.metres::numeric))
  from (
        select a.asset_id, v.asset_id as village_id, v.code as village, h.code as household,
               h.geom is not null as by_household,
               case
                   when h.geom is not null then st_distance(a.geom::geography, h.geom::geography)
                   else st_distance(a.geom::geography, v.geom::geography)
               end as metres
          from asset a
          left join register_row h
            on h.city_id = a.city_id and h.kind = 'household' and h.code = a.attributes ->> 'household_code'
          left join asset v
            on v.city_id = a.city_id and v.kind = 'village' and v.valid_to_at is null and v.code = a.attributes ->> 'village_code'
         where a.city_id = %(city_id)s and a.valid_to_at is null and a.kind = 'heating_device' and a.geom is not null
       ) d
 where d.metres > case when d.by_household then 200 else 5000 end
