-- what the caller may see of each kind: how many current assets, the box around them, the first and the last time of a change;
-- {geometry} is written by `data.features`: the geometry as the Scope rounds it
select a.kind, count(*) as count, min(a.valid_from_at) as first_at, max(a.valid_from_at) as last_at,
       st_xmin(st_extent(a.shown)) as west, st_ymin(st_extent(a.shown)) as south,
       st_xmax(st_extent(a.shown)) as east, st_ymax(st_extent(a.shown)) as north
  from (select a.kind, a.valid_from_at, {geometry} as shown
          from asset a
         where {scope:a}
           and a.valid_to_at is null) a
 group by a.kind
