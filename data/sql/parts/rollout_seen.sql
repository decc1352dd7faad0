-- what a caller may see of rollout_area, alias a: districts of its Scope and what lies in them; the city and its zones only without such bounds
a.city_id = $1
and ($2::text[] is null or 'rollout' = any($2::text[]))
and ($3::int[] is null or a.district_id = any($3::int[]))
and $4::int[] is not distinct from $4::int[]
