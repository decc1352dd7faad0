select a.asset_id, a.kind, a.code, a.name, a.company_id, a.area_id,
       case when $15::double precision is null then st_x(p.point)
            else st_x(st_snaptogrid(p.point, 0, 0, $15, $16::double precision)) end as lon,
       case when $15::double precision is null then st_y(p.point)
            else st_y(st_snaptogrid(p.point, 0, 0, $15, $16::double precision)) end as lat
  from asset a
  left join lateral (
       -- of an inlet, valve, station the point itself; of a line or polygon a point on it
       select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as point
       ) p on true
 where {scope:a}
   and {valid:a=12}
   and ($5::text[] is null or a.kind = any($5::text[]))
   and ($6::text is null or a.code = $6::text)
   and ($7::text is null or a.source_key = $7::text)
   and ($8::text is null or a.name ilike $8::text or a.code ilike $8::text)
   and ($9::double precision[] is null
        or a.geom && st_makeenvelope(($9)[1], ($9)[2], ($9)[3], ($9)[4], 4326))
   and ($10::text is null or a.attributes ->> 'unified_code' = $10::text)
   and ($11::text is null or a.attributes @> $11::text::jsonb)
 order by a.asset_id
 limit $13 offset $14
