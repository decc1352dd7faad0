delete from plan_valve
 where city_id = $1
   and plan_id = $2
