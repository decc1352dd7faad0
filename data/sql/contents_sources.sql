-- each delivered layer once, as its last import reported it, with the conversion that placed it
select distinct on (l.value ->> 'name')
       l.value ->> 'name' as layer, l.value ->> 'file' as file, l.value ->> 'kind' as kind,
       (l.value ->> 'read')::bigint as read_count, (l.value ->> 'rejected')::bigint as rejected_count,
       i.import_id, i.finished_at as imported_at,
       d.datum, d.evidence, d.operation, d.accuracy_m, d.vertex_count
  from import_run i
 cross join lateral jsonb_array_elements(i.report -> 'layers') with ordinality as l (value, place)
  left join datum_conversion d on d.city_id = i.city_id and d.import_id = i.import_id and d.layer = l.value ->> 'name'
 where i.city_id = $1
 order by l.value ->> 'name', i.import_id desc
