update proposal
   set state = $3::text,
       decided_by = $4::text,
       decided_at = clock_timestamp(),
       decision_reason = $5::text,
       change_id = $6::int
 where city_id = $1::smallint
   and proposal_id = $2::int
