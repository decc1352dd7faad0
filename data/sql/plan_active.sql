-- plans that wait or run, whoever may see them
select plan_id, planned_from_at, planned_to_at, state
  from plan
 where city_id = $1
   and state in ('planned', 'running')
 order by plan_id
