-- how many problems a change has mended
select count(distinct problem_id)
  from problem_decision
 where city_id = $1
   and change_id = $2
   and decision = 'accepted'
