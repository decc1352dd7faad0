coalesce(q.state, case when l.over_at is null then 'open' else 'closed' end)
