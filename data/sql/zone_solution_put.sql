insert into zone_solution (city_id, source_id, network_version, valve_version, converged, summary, problems, heads)
values (%(city_id)s, %(source_id)s, %(network_version)s, %(valve_version)s, %(converged)s, %(summary)s::jsonb, %(problems)s::jsonb,
        %(heads)s)
on conflict (city_id, source_id) do update
   set solved_at = now(), network_version = excluded.network_version, valve_version = excluded.valve_version,
       converged = excluded.converged, summary = excluded.summary, problems = excluded.problems, heads = excluded.heads
