-- where the current assets are: points, both ends of lines, centroids of polygons; of too many an even part
with place as (
    select v.geom, row_number() over (order by a.asset_id) as number
      from asset a
     cross join lateral (
         values (case st_dimension(a.geom) when 1 then st_startpoint(st_geometryn(a.geom, 1)) else st_centroid(a.geom) end),
                (case st_dimension(a.geom) when 1 then st_endpoint(st_geometryn(a.geom, -1)) end)
     ) v (geom)
     where a.city_id = %(city_id)s
       and (%(kind)s::text is null or a.kind = %(kind)s::text)
       and a.valid_to_at is null
       and v.geom is not null
       and not st_isempty(v.geom)
)
select st_x(geom), st_y(geom)
  from place
 where number %% (1 + (select count(*) from place) / %(most)s::bigint) = 0
 order by number
