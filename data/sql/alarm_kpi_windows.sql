-- the spans of 10 minutes with most alarms that a seat sees in a period: $5 from, $6 to
select to_timestamp(floor(extract(epoch from l.raised_at) / 600) * 600) as begins_at, count(*) as raised
  from alarm l
  join asset a on a.city_id = l.city_id and a.asset_id = l.asset_id and a.valid_to_at is null
 where {scope:a}
   and l.raised_at >= $5
   and l.raised_at < $6
 group by 1
 order by raised desc, begins_at desc
 limit 10
