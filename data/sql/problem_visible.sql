-- the problems named, as far as the caller sees them; held until the decision is written
select p.problem_id, p.rule, p.state, p.present, p.decision, p.asset_ids, p.repair, p.change_id
  from problem p
 where {scope:p}
   and p.problem_id = any($5::int[])
   and (
       ($2::text[] is null and $3::int[] is null and $4::int[] is null)
       or not exists (
           select 1
             from asset a
            where a.city_id = p.city_id and a.asset_id = any(p.asset_ids) and a.valid_to_at is null and not {scope:a}
       )
   )
 order by p.problem_id
   for update of p
