-- incidents of a city by the filter of states at a time, whoever may see them
select count(*)
  from incident i
  join lateral (
        select g.state from incident_log g
         where g.city_id = i.city_id and g.incident_id = i.incident_id and g.happened_at <= $2::timestamptz
         order by g.log_id desc
         limit 1
       ) s on true
 where i.city_id = $1
   and (i.merged_into is null or s.state <> 'closed')
   and ($3::text[] is null or s.state = any($3::text[]))
