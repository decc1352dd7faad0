-- $2: senders that the caller may see, null = all; $5: codes that hold this. Registered by now: those that came from outside the scope of
-- their sender stay as such, the others have gone from the list
with found as (
    select u.code, u.sender, u.first_at, u.last_at, u.messages, s.source_id is not null as registered
    from arrival_unregistered u
    left join source s on s.city_id = u.city_id and s.code = u.code
    where u.city_id = $1 and ($2::text[] is null or u.sender = any($2::text[])) and ($5::text is null or u.code ilike $5::text)
)
select code, sender, (extract(epoch from first_at) * 1000)::bigint as first_ms, (extract(epoch from last_at) * 1000)::bigint as last_ms,
       messages, registered, count(*) over () as total
from found
order by registered, last_at desc, code, sender
limit $3 offset $4
