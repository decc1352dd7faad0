select p.state
  from proposal p
 where p.city_id = $1::smallint
   and p.proposal_id = $2::int
   for update
