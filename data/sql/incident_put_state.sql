-- a state with the times that belong to it
update incident
   set state = $3,
       restored_at = case when $3 in ('open', 'repairing') then null
                          when $3 = 'restored' then coalesce($4::timestamptz, now())
                          else coalesce(restored_at, $4::timestamptz, now()) end,
       closed_at = case when $3 = 'closed' then now() end,
       merged_into = $5,
       dismissed = $6
 where city_id = $1 and incident_id = $2
