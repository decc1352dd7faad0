select p.rule, p.state, count(*) as problems
  from problem p
 where {scope:p}
   and {part:problem_seen}
 group by p.rule, p.state
