-- warnings by month of the city, type and level (预警统计); those of drills are none. $5 zone, $6 from, $7 to
select to_char(date_trunc('month', w.issued_at at time zone $5::text), 'YYYY-MM') as month, w.type, w.level,
       count(*) as issued,
       count(*) filter (where w.state = '02') as handling,
       count(*) filter (where w.state = '03') as lifted
  from warning w
 where {part:warning_seen}
   and w.drill_id is null
   and w.issued_at >= $6::timestamptz
   and w.issued_at < $7::timestamptz
 group by 1, 2, 3
 order by 1 desc, 2, 3
