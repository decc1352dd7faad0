-- what an editor must know of an asset: its current version, and where the city is
select a.asset_id, a.version, a.kind, a.code, a.attributes, c.extent,
       array(
           select unnest(array[min(s.west) - 0.05, min(s.south) - 0.05, max(s.east) + 0.05, max(s.north) + 0.05])
             from asset_summary s
            where s.city_id = a.city_id
           having min(s.west) is not null
       ) as seen_extent
  from asset a
  join city c on c.city_id = a.city_id
 where {scope:a}
   and a.asset_id = $5::int
   and a.valid_to_at is null
