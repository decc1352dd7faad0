-- what the list of measuring devices, their thresholds and their totals ask ($5 to $8)
{scope:a}
and a.valid_to_at is null
and ($5::int is null or p.asset_id = $5::int)
and ($6::text is null or d.point_bsm = $6::text)
and ($7::text is null or d.item = $7::text)
and ($8::text[] is null or d.bsm = any($8::text[]))
