w.city_id = $1
  and case when w.asset_id is null
           then $2::text[] is null and ($3::int[] is null or w.area_id = any($3::int[]))
           else exists (select 1 from asset a where {scope:a} and a.asset_id = w.asset_id and a.valid_to_at is null) end
