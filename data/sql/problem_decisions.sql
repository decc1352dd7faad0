select decision, seat, reason, change_id, decided_at
  from problem_decision
 where city_id = $1
   and problem_id = $2
 order by decision_id desc
 limit 100
