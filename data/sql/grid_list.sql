-- each grid once, as it was fitted last
select distinct on (g.value ->> 'datum') g.value as grid, i.import_id, i.finished_at
  from import_run i
 cross join lateral jsonb_array_elements(i.report -> 'grids') g (value)
 where i.city_id = $1
 order by g.value ->> 'datum', i.import_id desc
