-- cities with their zone and the sources that report more often than once a minute
select c.city_id, c.zone, array(
    select s.source_id from source s where s.city_id = c.city_id and s.period_s < 60 order by s.source_id
) as fast
from city c
order by c.city_id
