-- clean-heating rate by district: the wanted month, else the newest one that any visible district reports
-- $5: month or NULL, $6: tolerance in degrees of the simplified outline
with visible as (
    select r.area_id, r.month, r.heated_area_m2, r.clean_area_m2, r.target_rate, a.name, a.geom
      from rollout_rate r
      join asset a on a.city_id = r.city_id and a.asset_id = r.area_id and a.valid_to_at is null
     where r.city_id = $1
       -- a seat of some areas sees its own areas: here the area is the asset itself
       and ($3::int[] is null or r.area_id = any($3::int[]))
       and ($2::text[] is null or 'rollout' = any($2::text[]))
       and $4::int[] is not distinct from $4::int[]
), month as (
    select coalesce($5::text, max(month)) as month from visible
)
select v.area_id, v.name, v.month, v.heated_area_m2, v.clean_area_m2, v.target_rate,
       v.clean_area_m2 / nullif(v.heated_area_m2, 0) as rate,
       st_asgeojson(st_simplifypreservetopology(v.geom, $6::float8), 5) as geometry
  from visible v
  join month using (month)
 order by v.area_id
