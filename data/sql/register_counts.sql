select layer_no, status, count(*) as rows
  from register_new
 group by layer_no, status
 order by layer_no, status
