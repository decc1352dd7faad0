-- the next change and its time, which rises with the id also when the clock was set back
select n.change_id, greatest(clock_timestamp(), n.last_at + interval '1 microsecond') as made_at
  from (
        select coalesce(max(c.change_id), 0) + 1 as change_id, max(c.made_at) as last_at
          from archive_change c
         where c.city_id = $1::smallint
       ) n
