-- what the list and its total ask of assets ($5 to $12); $13 $14: steps of the grid to which the Scope rounds, or null. The box meets the
-- rounded place: an exact one could be found out box by box
{scope:a}
and {valid:a=12}
and ($5::text[] is null or a.kind = any($5::text[]))
and ($6::text is null or a.code = $6::text)
and ($7::text is null or a.source_key = $7::text)
and ($8::text is null or a.name ilike $8::text or a.code ilike $8::text)
and ($9::double precision[] is null
     or a.geom && st_expand(st_makeenvelope(($9)[1], ($9)[2], ($9)[3], ($9)[4], 4326),
                            coalesce($13::double precision, 0), coalesce($14::double precision, 0))
        and ($13::double precision is null
             or coalesce(st_snaptogrid(a.geom, 0, 0, $13::double precision, $14::double precision),
                         st_snaptogrid(st_pointonsurface(a.geom), 0, 0, $13::double precision, $14::double precision))
                && st_makeenvelope(($9)[1], ($9)[2], ($9)[3], ($9)[4], 4326)))
and ($10::text is null or a.attributes ->> 'unified_code' = $10::text)
and ($11::text is null or a.attributes @> $11::text::jsonb)
