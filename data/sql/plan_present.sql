select plan_id, state, version
  from plan
 where city_id = $1
   and plan_id = $2
