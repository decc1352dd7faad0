-- alarms that nobody has been told of; of a company that was told less than $3 seconds ago they wait for the next message
select l.quality_alarm_id, l.company_id
  from quality_alarm l
 where l.city_id = $1 and l.told_at is null
   and not exists (select from notice n
                    where n.city_id = l.city_id and n.kind = 'quality' and n.company_id is not distinct from l.company_id
                      and n.made_at > $2::timestamptz - make_interval(secs => $3))
 order by l.company_id, l.quality_alarm_id
 limit 2000
