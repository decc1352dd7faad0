-- the problems named, as far as the caller sees them; held until the decision is written
select p.problem_id, p.rule, p.state, p.present, p.decision, p.asset_ids, p.repair, p.change_id
  from problem p
 where {scope:p}
   and p.problem_id = any($5::int[])
   and {part:problem_seen}
 order by p.problem_id
   for update of p
