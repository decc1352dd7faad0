-- what a seat was told: its own messages by every channel, and the pop-ups for everybody; of each the alarms it may see
select n.notice_id, n.step, n.channel, coalesce((n.target ->> 'after_min')::float8, 0) as after_min, n.state, n.made_at, n.sent_at,
       n.kind, n.quality_alarms,
       (array_agg(l.alarm_id order by l.level, l.raised_at, l.alarm_id) filter (where a.asset_id is not null))[1:$8::int] as alarms,
       count(a.asset_id) as total, coalesce(min(l.level) filter (where a.asset_id is not null), 0)::int as level,
       coalesce(bool_or(s.seat_id is not null), false) as seen
  from (select *
          from notice
         where city_id = $1 and (seat_id = $5::int or seat_id is null and (kind = 'alarm' or company_id = any($4::int[])))
           and ($6::bigint is null or notice_id < $6::bigint)
         order by notice_id desc
         limit $7::int) n
  left join alarm l on l.city_id = n.city_id and l.alarm_id = any(n.alarms)
  left join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null and {scope:a}
  left join notice_seen s on s.city_id = n.city_id and s.seat_id = $5::int and s.alarm_id = l.alarm_id
 group by n.notice_id, n.step, n.channel, n.target, n.state, n.made_at, n.sent_at, n.alarms, n.kind,
          n.quality_alarms
having n.alarms = '{}' or count(a.asset_id) > 0
 order by n.notice_id desc
