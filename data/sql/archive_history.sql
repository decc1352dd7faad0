-- every version of an asset that the caller may see, newest first; `ended_*`: the change that retired it, where no version follows
select a.version, a.kind, a.code, a.name, a.source_key, a.attributes, a.valid_from_at, a.valid_to_at, sha256(a.geom::bytea) as geom_key,
       st_asgeojson(case when $6::double precision is null then a.geom
                         else st_snaptogrid(a.geom, 0, 0, $6, $7::double precision) end, 8) as geometry,
       c.change_id, c.made_at, c.seat, c.reason, c.origin, coalesce(c.layers[a.layer_no], c.source) as source,
       e.change_id as ended_change_id, e.made_at as ended_made_at, e.seat as ended_seat, e.reason as ended_reason,
       e.origin as ended_origin, e.source as ended_source
  from asset a
  left join archive_change c on c.city_id = a.city_id and c.change_id = a.change_id
  left join archive_change e
    on e.city_id = a.city_id and e.change_id = a.ended_by
   and not exists (
        select 1 from asset n
         where n.city_id = a.city_id and n.asset_id = a.asset_id and n.version = a.version + 1 and n.change_id = a.ended_by
       )
 where {scope:a}
   and a.asset_id = $5::int
 order by a.version desc
 limit $8 offset $9
