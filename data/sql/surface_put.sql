-- the buildings among the codes get their surfaces; answers the codes that were found
with given as (
    select g.code, st_multi(st_setsrid(st_geomfromwkb(g.shape), 4326)) as geom
      from unnest(%(codes)s::text[], %(shapes)s::bytea[]) as g(code, shape)
), put as (
    insert into building_surface (city_id, asset_id, geom, file, seat)
    select a.city_id, a.asset_id, g.geom, %(file)s, %(seat)s
      from given g
      join asset a on a.city_id = %(city_id)s and a.kind = 'building' and a.code = g.code and a.valid_to_at is null
        on conflict (city_id, asset_id) do update
       set geom = excluded.geom, file = excluded.file, seat = excluded.seat, added_at = clock_timestamp()
     where (building_surface.geom, building_surface.file) is distinct from (excluded.geom, excluded.file)
    returning asset_id
)
select (select array_agg(g.code order by g.code)
          from given g
          join asset a on a.city_id = %(city_id)s and a.kind = 'building' and a.code = g.code and a.valid_to_at is null),
       (select count(*) from put)
