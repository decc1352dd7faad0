-- what the copies of each city show; `edited_at`: the last edit that no finished load or refresh began after (an import builds
-- its own copies); a city whose copies were never built is not listed
select c.city_id, c.assets_version as present_version, v.assets_version as shown_version, v.built_at,
       (select max(g.made_at)
          from archive_change g
         where g.city_id = c.city_id
           and g.origin <> 'import'
           and g.made_at > coalesce(
                (select max(j.started_at)
                   from job j
                  where j.city_id = c.city_id and j.kind in ('load', 'refresh') and j.state = 'done'),
                v.built_at
               )) as edited_at
  from city c
  join tile_version v on v.city_id = c.city_id and v.tileset = 'network'
 where ($1::int is null or c.city_id = $1::int)
 order by c.city_id
