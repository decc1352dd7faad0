select p.problem_id, p.rule, p.state, p.asset_ids, p.asset_count, p.kind, p.row_id, p.code, p.name, p.area_id, p.company_id, p.detail,
       p.repair -> 'action' as action, p.repair -> 'values' as repair_values, p.found_at, p.gone_at, p.decided_by, p.decided_at,
       p.reason, p.change_id,
       case when $16::double precision is null then st_x(p.geom)
            else st_x(st_snaptogrid(p.geom, 0, 0, $16, $17::double precision)) end as lon,
       case when $16::double precision is null then st_y(p.geom)
            else st_y(st_snaptogrid(p.geom, 0, 0, $16, $17::double precision)) end as lat
  from problem p
 where {part:problem_asked}
 order by array_position($5::text[], p.rule), p.problem_id
 limit $14 offset $15
