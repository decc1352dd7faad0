-- what the caller may see of each kind: how many current assets, the box around them, the first and the last time of a change
select a.kind, count(*) as count, min(a.valid_from_at) as first_at, max(a.valid_from_at) as last_at,
       st_xmin(st_extent(a.geom)) as west, st_ymin(st_extent(a.geom)) as south,
       st_xmax(st_extent(a.geom)) as east, st_ymax(st_extent(a.geom)) as north
  from asset a
 where {scope:a}
   and a.valid_to_at is null
 group by a.kind
