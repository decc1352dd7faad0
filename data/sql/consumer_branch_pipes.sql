-- pipes of the hot-water network that run along a branch: both ends within $6 metres of its line (or inside its outline), and of
-- the highest level among them: transmission pipes where there are any, else primary ones
with branch as (
    select a.city_id, a.geom, st_expand(a.geom, 2 * $6::double precision / 60000) as around
      from asset a
     where {scope:a}
       and a.asset_id = $5
       and a.kind = 'plant_branch'
       and a.valid_to_at is null
), along as (
    select p.asset_id, p.attributes ->> 'network_level' as level
      from branch b
      join asset p on p.city_id = b.city_id and p.kind = 'pipe' and p.valid_to_at is null and p.geom && b.around
     cross join lateral (
           select st_startpoint(st_geometryn(p.geom, 1)) as first,
                  st_endpoint(st_geometryn(p.geom, st_numgeometries(p.geom))) as last
           ) e
     where coalesce(p.attributes ->> 'medium', 'heat') = 'heat'
       and p.attributes ->> 'network_level' in ('transmission', 'primary')
       and st_dwithin(e.first::geography, b.geom::geography, $6)
       and st_dwithin(e.last::geography, b.geom::geography, $6)
)
select asset_id
  from along
 where level = (select max(level) from along)
 order by asset_id
