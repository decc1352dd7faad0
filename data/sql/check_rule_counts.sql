select rule, count(*)
  from check_placed
 group by rule
