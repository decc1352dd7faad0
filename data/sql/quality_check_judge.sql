update quality_check
set verdict = $3, verdict_by = $4, verdict_at = now(), corrected = $5, note = $6,
    state = case when $3 = 'unsure' then state else 'closed' end
where city_id = $1 and check_id = $2
