with decided as (
    update problem p
       set decision = $3::text, decided_by = $4::text, decided_at = now(), reason = $5::text, change_id = $6::int,
           present = $7::boolean
     where p.city_id = $1
       and p.problem_id = any($2::int[])
    returning p.problem_id
)
insert into problem_decision (city_id, problem_id, decision, seat, reason, change_id)
select $1, d.problem_id, $8::text, $4::text, $5::text, $6::int
  from decided d
 order by d.problem_id
