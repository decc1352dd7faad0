-- at most $7: a city may have millions of them
select count(*)
from (
    select 1
    from reading_conflict c
    join source s on s.city_id = c.city_id and s.source_id = c.source_id
    join asset a on a.city_id = s.city_id and a.asset_id = s.asset_id and a.valid_to_at is null
    where {scope:a} and ($5::int is null or s.asset_id = $5::int) and ($6::text is null or s.code = $6::text)
    limit $7
) found
