-- operations of one city come one after another, so that their numbers and times rise together
select valve_version
  from city
 where city_id = $1
   for no key update
