select c.city_id, c.name_zh, c.name_en, c.zone, c.synthetic, c.attribution, c.assets_version,
       st_xmin(e.box) as west, st_ymin(e.box) as south, st_xmax(e.box) as east, st_ymax(e.box) as north
  from city c
  left join lateral (
        select st_extent(a.geom) as box
          from asset a
         where a.city_id = c.city_id
           and a.valid_to_at is null
           and a.kind in ('building', 'substation', 'pipe', 'district')
       ) e on true
 where $1::int[] is null or c.city_id = any($1::int[])
 order by c.city_id
