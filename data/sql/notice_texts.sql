-- messages about data quality for the screens of a seat, of the last day: its own, and those to its company; with an alarm that
-- is not finished, and not dismissed
select n.notice_id, n.made_at, n.level, n.quality_alarms
  from notice n
 where n.city_id = $1
   and n.channel = 'web' and n.kind <> 'alarm'
   and n.notice_id > $2
   and n.made_at > now() - interval '24 hours'
   and (n.seat_id = $3::int or n.seat_id is null and n.company_id = any($4::int[]))
   and exists (select
                 from quality_alarm l
                 left join quality_check q on q.city_id = l.city_id and q.check_id = l.check_id
                where l.city_id = n.city_id and l.quality_alarm_id = any(n.quality_alarms)
                  and {part:quality_alarm_state} <> 'closed')
   and not exists (select from notice_read r where r.city_id = n.city_id and r.seat_id = $3::int and r.notice_id = n.notice_id)
 order by n.notice_id
 limit 50
