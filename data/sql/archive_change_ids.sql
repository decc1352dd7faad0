-- the last changes made at two times (0 = before the first one)
select (select coalesce(max(c.change_id), 0) from archive_change c where c.city_id = $1::smallint and c.made_at <= $2::timestamptz),
       (select coalesce(max(c.change_id), 0) from archive_change c where c.city_id = $1::smallint and c.made_at <= $3::timestamptz)
