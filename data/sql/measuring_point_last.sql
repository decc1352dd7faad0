-- the greatest number behind the prefix $2 that the program gave
select coalesce(max(substring(bsm from length($2::text) + 1)::bigint), 0)
from measuring_point
where city_id = $1 and bsm ~ ('^' || $2::text || '[0-9]+$')
