select layer_no, status, kind, count(*) as rows
  from import_row
 group by layer_no, status, kind
 order by layer_no, status, kind
