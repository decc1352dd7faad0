select c.counts::text
  from archive_change c
 where c.city_id = $1::smallint
   and c.change_id = $2::int
