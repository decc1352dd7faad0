-- stores the first frame of each key; returns the staged rows that were new
with first as (
    select distinct on (city_id, source_id, observed_at) *
    from reading_staging
    order by city_id, source_id, observed_at, n
), inserted as (
    insert into reading_frame (city_id, schema_id, source_id, observed_at, delay_s, payload)
    select city_id, schema_id, source_id, observed_at, delay_s, payload
    from first
    on conflict (city_id, source_id, observed_at) do nothing
    returning city_id, source_id, observed_at
)
select first.n
from first
join inserted using (city_id, source_id, observed_at)
