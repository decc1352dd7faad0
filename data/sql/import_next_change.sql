-- change ids are dense and rise with time, also when the clock was set back; the caller holds a lock of the city
select coalesce(max(change_id), 0) + 1 as change_id
  from archive_change
 where city_id = %(city_id)s
