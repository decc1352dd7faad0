-- $10: rules, $11: severities, $12: states in the order of their codes, $13: severity of each rule
-- below z12 problems of one rule and state that share a 1/256 of the tile are drawn as one, the first
with {part:tile_grid}, placed as (
    select p.problem_id, p.rule, p.state,
           {drawn:st_transform(p.geom, 3857)} as point
      from tile t
      join problem p on p.geom && st_transform(t.reach, 4326)
     where {scope:p}
       and p.state <> 'gone'
       and p.rule = any($10::text[])
       and {part:problem_seen}
), thinned as (
    select distinct on (s.rule, s.state, s.cell) s.problem_id, s.rule, s.state, s.point
      from (
            select d.*, case when $5::int < 12 then st_astext(st_snaptogrid(d.point, 40075016.68557849 / (2 ^ $5::int) / 256)) else d.problem_id::text end as cell
              from placed d, tile t
           ) s
     order by s.rule, s.state, s.cell, s.problem_id
), rows as (
    select p.problem_id, array_position($10::text[], p.rule) as rule,
           array_position($11::text[], ($13::text[])[array_position($10::text[], p.rule)]) as severity,
           array_position($12::text[], p.state) as state, st_asmvtgeom(p.point, t.bounds, 4096, 64, true) as geom
      from thinned p, tile t
     order by p.problem_id
)
select coalesce(st_asmvt(rows, 'problem', 4096, 'geom', 'problem_id'), '')
  from rows
 where geom is not null
