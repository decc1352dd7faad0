-- buildings of a layer that stand on roads, water, buildings of other layers in estates not theirs or, without heat, on pipes: as they are, and moved
select count(*) filter (where t.was_hit), count(*) filter (where t.moved_hit)
  from (
        select exists (
                   select 1
                     from asset o
                    where o.city_id = b.city_id
                      and o.valid_to_at is null
                      and o.geom && b.geom
                      and o.kind in ('road', 'water', 'building', 'estate', 'pipe')
                      and not (o.kind = 'building' and o.change_id = b.change_id and o.layer_no = b.layer_no)
                      and not (o.kind = 'estate' and o.code = coalesce(b.attributes ->> 'estate_code', ''))
                      and not (o.kind = 'pipe' and b.attributes ->> 'substation_code' is not null)
                      and st_intersects(st_makevalid(o.geom), b.geom)
               ) as was_hit,
               exists (
                   select 1
                     from asset o
                    where o.city_id = b.city_id
                      and o.valid_to_at is null
                      and o.geom && m.geom
                      and o.kind in ('road', 'water', 'building', 'estate', 'pipe')
                      and not (o.kind = 'building' and o.change_id = b.change_id and o.layer_no = b.layer_no)
                      and not (o.kind = 'estate' and o.code = coalesce(b.attributes ->> 'estate_code', ''))
                      and not (o.kind = 'pipe' and b.attributes ->> 'substation_code' is not null)
                      and st_intersects(st_makevalid(o.geom), m.geom)
               ) as moved_hit
          from unnest(%(ids)s::int[], %(moved)s::bytea[]) u (asset_id, wkb)
          join asset b on b.city_id = %(city_id)s and b.asset_id = u.asset_id and b.valid_to_at is null
         cross join lateral (select st_geomfromwkb(u.wkb, 4326) as geom) m
         where st_isvalid(b.geom)
       ) t
