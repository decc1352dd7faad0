-- sources of one kind of asset, and where each stands; $5 kind, $6 $7 grid to which a Scope rounds
select s.source_id, a.asset_id, coalesce(a.name, a.code) as name,
       coalesce(a.attributes ->> 'heat_user_code', a.code) as household,
       case when $6::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $6, $7::double precision)) end as lon,
       case when $6::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $6, $7::double precision)) end as lat
  from asset a
  join source s on s.city_id = a.city_id and s.asset_id = a.asset_id
  cross join lateral (select st_centroid(a.geom) as point) p
 where {scope:a}
   and a.kind = $5::text
   and a.valid_to_at is null
   and a.geom is not null
   and not st_isempty(a.geom)
 order by s.source_id
