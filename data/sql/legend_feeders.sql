-- plants, boiler houses and substations that feed pipes the seat may see, the longest network first
select a.asset_id, a.name
  from asset a
  join (select p.source_id, sum(st_length(p.geom)) as drawn_m
          from tile_pipe_zoom p
         where {scope:p=pipe} and p.zoom = 13 and p.source_id is not null
         group by p.source_id) f on f.source_id = a.asset_id
 where {scope:a} and a.valid_to_at is null
 order by f.drawn_m desc, a.asset_id
