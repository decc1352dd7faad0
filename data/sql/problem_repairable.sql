-- what waits for a decision and has a repair, of one rule
select p.problem_id
  from problem p
 where {scope:p}
   and p.rule = $5::text
   and p.present
   and p.decision <> 'dismissed'
   and p.repair is not null
   and ($6::int is null or p.area_id = $6::int)
   and ($7::int is null or p.company_id = $7::int)
 order by p.problem_id
