-- what the list of measuring points and its total ask ($5 to $8); $9 $10: steps of the grid to which the Scope rounds, or null. The box
-- meets the rounded place, as in asset_asked
{scope:a}
and a.valid_to_at is null
and ($5::int is null or p.asset_id = $5::int)
and ($6::double precision[] is null
     or p.geom && st_expand(st_makeenvelope(($6)[1], ($6)[2], ($6)[3], ($6)[4], 4326),
                            coalesce($9::double precision, 0), coalesce($10::double precision, 0))
        and ($9::double precision is null
             or st_snaptogrid(p.geom, 0, 0, $9::double precision, $10::double precision)
                && st_makeenvelope(($6)[1], ($6)[2], ($6)[3], ($6)[4], 4326)))
and ($7::text is null or p.boundary = $7::text)
and ($8::text[] is null or p.bsm = any($8::text[]))
