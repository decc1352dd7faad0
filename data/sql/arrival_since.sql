-- the moment since which frames are expected in a city; the first time it is asked, $2
with added as (
    insert into arrival_start (city_id, since_at) values ($1, $2::timestamptz)
    on conflict (city_id) do nothing
    returning since_at
)
select since_at from added
union all
select since_at from arrival_start where city_id = $1
limit 1
