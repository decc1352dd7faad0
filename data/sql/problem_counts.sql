select rule, state, count(*)
  from problem
 where city_id = %(city_id)s
 group by rule, state
