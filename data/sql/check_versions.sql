-- the versions that repairs were made for: a repair of an asset that has changed since is out of date
update check_found f
   set repair = f.repair || jsonb_build_object('versions', v.versions)
  from (
        select n.rule, n.key, jsonb_object_agg(a.asset_id, a.version) as versions
          from check_found n
         cross join lateral jsonb_array_elements(n.repair -> 'edits') e
          join asset a
            on a.city_id = %(city_id)s and a.asset_id = (e ->> 'asset_id')::integer and a.valid_to_at is null
         where n.repair is not null
         group by n.rule, n.key
       ) v
 where f.rule = v.rule
   and f.key = v.key
