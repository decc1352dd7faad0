insert into check_found (rule, key, asset_ids, asset_id, detail)
select f.rule, o.asset_id::text, f.asset_ids, o.asset_id, f.detail
  from (
        select a.asset_id, a.kind, a.attributes ->> 'of_kind' as of_kind, a.attributes ->> 'of_code' as of_code,
               t.asset_id as of_id, t.code as found_code,
               case when a.geom is not null and t.geom is not null and a.kind <> 'coverage_area'
                    then st_distance(a.geom::geography, t.geom::geography) end as metres
          from asset a
          left join asset t
            on t.city_id = a.city_id and t.valid_to_at is null and t.kind = a.attributes ->> 'of_kind'
           and t.code = a.attributes ->> 'of_code'
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind in ('gateway', 'camera', 'coverage_area')
           and a.attributes ->> 'of_kind' is not null
           and a.attributes ->> 'of_code' is not null
           and a.attributes ->> 'of_kind' = any(%(known_kinds)s)
       ) o
 cross join lateral (
       select case o.kind when 'coverage_area' then 'coverage_object_unknown' else 'object_unknown' end as rule,
              array[o.asset_id] as asset_ids,
              jsonb_build_object('kind_of', o.of_kind, 'value', o.of_code) as detail
        where o.of_id is null
       union all
       select 'object_far', array[o.asset_id, o.of_id],
              jsonb_build_object('value', o.found_code, 'metres', round(o.metres::numeric))
        where o.metres > case when o.of_kind = 'village' then 5000 else 500 end
       ) f
