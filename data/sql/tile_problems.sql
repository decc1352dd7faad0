-- $9: rules, $10: severities, $11: states in the order of their codes, $12: severity of each rule
-- below z12 problems of one rule and state that share a 1/256 of the tile are drawn as one, the first
with tile as (
    select st_tileenvelope($5::int, $6::int, $7::int) as bounds,
           st_transform(
               st_expand(st_tileenvelope($5::int, $6::int, $7::int, margin => 64.0 / 4096), coalesce($8::float8, 0)), 4326
           ) as reach,
           40075016.68557849 / (2 ^ $5::int) / 256 as cell_m
), placed as (
    select p.problem_id, p.rule, p.state,
           case when $8::float8 is null then st_transform(p.geom, 3857)
                else st_snaptogrid(st_transform(p.geom, 3857), $8::float8) end as point
      from tile t
      join problem p on p.geom && t.reach
     where {scope:p}
       and p.state <> 'gone'
       and p.rule = any($9::text[])
       and {part:problem_seen}
), thinned as (
    select distinct on (s.rule, s.state, s.cell) s.problem_id, s.rule, s.state, s.point
      from (
            select d.*, case when $5::int < 12 then st_astext(st_snaptogrid(d.point, t.cell_m)) else d.problem_id::text end as cell
              from placed d, tile t
           ) s
     order by s.rule, s.state, s.cell, s.problem_id
), rows as (
    select p.problem_id, array_position($9::text[], p.rule) as rule,
           array_position($10::text[], ($12::text[])[array_position($9::text[], p.rule)]) as severity,
           array_position($11::text[], p.state) as state, st_asmvtgeom(p.point, t.bounds, 4096, 64, true) as geom
      from thinned p, tile t
     order by p.problem_id
)
select coalesce(st_asmvt(rows, 'problem', 4096, 'geom', 'problem_id'), '')
  from rows
 where geom is not null
