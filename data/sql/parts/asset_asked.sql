-- what the list and its total ask of assets ($5 to $12)
{scope:a}
and {valid:a=12}
and ($5::text[] is null or a.kind = any($5::text[]))
and ($6::text is null or a.code = $6::text)
and ($7::text is null or a.source_key = $7::text)
and ($8::text is null or a.name ilike $8::text or a.code ilike $8::text)
and ($9::double precision[] is null
     or a.geom && st_makeenvelope(($9)[1], ($9)[2], ($9)[3], ($9)[4], 4326))
and ($10::text is null or a.attributes ->> 'unified_code' = $10::text)
and ($11::text is null or a.attributes @> $11::text::jsonb)
