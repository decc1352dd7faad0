-- what the list and its total ask of problems ($5 to $13)
{scope:p}
and p.rule = any($5::text[])
and ($6::text is null or p.state = $6::text)
and ($7::text is null or p.kind = $7::text)
and ($8::int is null or p.area_id = $8::int)
and ($9::int is null or p.company_id = $9::int)
and ($10::int is null or p.asset_ids @> array[$10::int])
and ($11::double precision[] is null or p.geom && st_makeenvelope(($11)[1], ($11)[2], ($11)[3], ($11)[4], 4326))
and ($12::text is null or (p.kind <> all($13::text[]) and (p.name ilike $12::text or p.code ilike $12::text)))
and {part:problem_seen}
