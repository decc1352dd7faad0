-- how far the log goes, and which transactions may still write before that
select n.transition_id as cursor,
       coalesce((select max(t.transition_id) from alarm_transition t where t.city_id = $1), 0) as last,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next
  from notice_cursor n
 where n.city_id = $1
