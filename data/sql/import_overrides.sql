select r.layer_no, r.row_no, r.kind || ' ' || r.code
  from import_row r
 where r.overrides
   and r.status = 'changed'
 order by r.layer_no, r.row_no
