-- the convention is read from the codes themselves: nine in ten of a kind begin with the code of a district that they touch
insert into check_found (rule, key, asset_ids, asset_id, detail)
with coded as (
    select a.asset_id, a.kind, a.code, a.geom, left(a.code, 6) as named, d.code as actual
      from asset a
      join asset d on d.city_id = a.city_id and d.asset_id = a.area_id and d.valid_to_at is null
     where a.city_id = %(city_id)s
       and a.valid_to_at is null
       and a.kind <> all(array['district', 'zone', 'subdistrict', 'community', 'township', 'village', 'authority'])
       and a.code ~ '^[0-9]{6}[^0-9]*[A-Za-z0-9]'
       and length(a.code) > 6
       and d.code ~ '^[0-9]{6}$'
), customary as (
    select c.kind
      from coded c
      join (
            select kind, count(*) as assets
              from asset
             where city_id = %(city_id)s and valid_to_at is null
             group by kind
           ) n on n.kind = c.kind
     group by c.kind, n.assets
    having count(*) filter (where c.named = c.actual) >= greatest(0.9 * n.assets, 5)
)
select 'district_of_code', c.asset_id::text, array[c.asset_id], c.asset_id,
       jsonb_build_object('named', c.named, 'actual', c.actual)
  from coded c
  join customary using (kind)
 where c.named <> c.actual
   and not exists (
       select 1
         from asset d
        where d.city_id = %(city_id)s
          and d.valid_to_at is null
          and d.kind = 'district'
          and d.code = c.named
          -- some 50 m: what runs along a border may be of either side
          and st_dwithin(d.geom, c.geom, 0.0005)
   )
