-- a seat has read a message about data quality
insert into notice_read (city_id, seat_id, notice_id)
select n.city_id, $3, n.notice_id
  from notice n
 where n.city_id = $1 and n.notice_id = $2 and n.channel = 'web' and n.kind <> 'alarm'
   and (n.seat_id = $3 or n.seat_id is null and n.company_id = any($4::int[]))
    on conflict (city_id, seat_id, notice_id) do update set read_at = now()
returning notice_id
