-- warnings that a seat sees: about a visible asset, or in a visible district. $5 state, $6 kind of the asset, $7 type, $8 model,
-- $9 level, $10 number, $11 drill (NULL = real ones), $12 limit, $13 offset, $14 $15 grid
with seen as (
    select w.*
      from warning w
     where {part:warning_seen}
       and ($5::text is null or case $5 when 'open' then w.state <> '03' else w.state = $5 end)
       and ($6::text is null or exists (select 1 from asset k where k.city_id = w.city_id and k.asset_id = w.asset_id
                                           and k.valid_to_at is null and k.kind = $6))
       and ($7::text is null or w.type = $7)
       and ($8::text is null or w.model = $8)
       and ($9::int is null or w.level = $9)
       and ($10::bigint is null or w.warning_id = $10)
       and w.drill_id is not distinct from $11::bigint
)
select w.warning_id, w.name, w.type, w.level, w.state, w.asset_id, a.kind as asset_kind, a.name as asset_name, w.address, w.model,
       w.origin_id, w.content, w.analysis, w.advice, w.drill_id, w.happened_at, w.issued_at, w.issued_by, w.handled_at, w.handled_by,
       w.lifted_at, w.lifted_by,
       case when $14::float8 is null then st_x(w.geom) else st_x(st_snaptogrid(w.geom, 0, 0, $14, $15::float8)) end as lon,
       case when $14::float8 is null then st_y(w.geom) else st_y(st_snaptogrid(w.geom, 0, 0, $14, $15::float8)) end as lat,
       (select count(*) from seen) as total
  from seen w
  left join asset a on a.city_id = w.city_id and a.asset_id = w.asset_id and a.valid_to_at is null
 order by w.state = '03', w.level, w.issued_at desc, w.warning_id desc
 limit $12
offset $13
