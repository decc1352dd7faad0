-- a page of the features of one kind ($5), by rising id, above id $6 and up to $7, at most $8. What stands in braces is written by
-- `data.features`: the geometry in the asked reference system, its decimals, when the versions are valid, what the request asks for
select a.asset_id, a.code, a.name, a.company_id, a.area_id, a.pair_id, a.version, a.valid_from_at, a.attributes,
       st_asgeojson({crs}, {digits}, 0) as geometry
  from asset a
 where {scope:a}
   and a.kind = $5::text
   and a.asset_id > $6::int
   and a.asset_id <= $7::int
   and {time}
   and {filter}
 order by a.asset_id
 limit $8::int
