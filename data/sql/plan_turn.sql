update plan
   set state = $3, version = version + 1
 where city_id = $1
   and plan_id = $2
returning version
