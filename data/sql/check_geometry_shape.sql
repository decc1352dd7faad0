insert into check_found (rule, key, asset_ids, asset_id, detail, repair)
select f.rule, f.asset_id::text, array[f.asset_id], f.asset_id, f.detail,
       case
           when f.mended is null or st_isempty(f.mended) or st_dimension(f.mended) <> st_dimension(f.geom) then null
           else jsonb_build_object(
               'action', f.action,
               'values', f.detail,
               'edits', jsonb_build_array(
                   jsonb_build_object('asset_id', f.asset_id, 'geometry', encode(st_asewkb(f.mended), 'hex'))
               )
           )
       end
  from (
        select 'geometry_empty' as rule, a.asset_id, a.geom, null::geometry as mended, '' as action, '{}'::jsonb as detail
          from asset a
         where a.city_id = %(city_id)s and a.valid_to_at is null and st_isempty(a.geom)
        union all
        select 'geometry_invalid', a.asset_id, a.geom,
               -- of a mixture of areas and lines the areas count
               st_collectionextract(st_makevalid(a.geom), 3), 'make_valid',
               jsonb_build_object('why', st_isvalidreason(a.geom))
          from asset a
         where a.city_id = %(city_id)s and a.valid_to_at is null and st_dimension(a.geom) = 2 and not st_isvalid(a.geom)
        union all
        select 'geometry_zero_size', a.asset_id, a.geom, null, '', '{}'::jsonb
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and not st_isempty(a.geom)
           and (
               (st_dimension(a.geom) = 1 and st_length(a.geom) < 1e-6 and st_length(a.geom::geography) < 0.01)
               or (st_dimension(a.geom) = 2 and st_isvalid(a.geom) and st_area(a.geom) < 1e-11 and st_area(a.geom::geography) < 0.01)
           )
        union all
        select 'line_crosses_itself', a.asset_id, a.geom, null, '', '{}'::jsonb
          from asset a
         where a.city_id = %(city_id)s
           and a.valid_to_at is null
           and a.kind = 'pipe'
           and st_npoints(a.geom) > 3
           and not st_issimple(a.geom)
        union all
        select 'duplicate_vertices', v.asset_id, v.geom, v.mended, 'remove_vertices',
               jsonb_build_object('count', st_npoints(v.geom) - st_npoints(v.mended))
          from (
                select a.asset_id, a.geom, st_removerepeatedpoints(a.geom) as mended
                  from asset a
                 where a.city_id = %(city_id)s and a.valid_to_at is null and st_npoints(a.geom) > 2
               ) v
         where st_npoints(v.mended) < st_npoints(v.geom)
       ) f
