select report -> 'problems'
  from import_run
 where city_id = %(city_id)s
 order by import_id desc
 limit 1
