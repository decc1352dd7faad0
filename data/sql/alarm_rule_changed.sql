-- a number a city that rises with every edit of its rules, of limits of single sources, and of thresholds of devices
select r.city_id,
       sum(r.version)::bigint
       + coalesce((select extract(epoch from max(l.changed_at)) * 1000 from alarm_limit l where l.city_id = r.city_id), 0)::bigint
       + coalesce((select extract(epoch from max(t.changed_at)) * 1000
                     from measuring_threshold t where t.city_id = r.city_id), 0)::bigint as version
  from alarm_rule r
 group by r.city_id
