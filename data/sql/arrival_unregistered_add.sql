insert into arrival_unregistered (city_id, code, sender, first_at, last_at, messages)
select $1, heard.code, heard.sender, heard.first_at, heard.last_at, heard.messages
from unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[])
     as heard (code, sender, first_at, last_at, messages)
on conflict (city_id, code, sender) do update
set last_at = greatest(arrival_unregistered.last_at, excluded.last_at), messages = arrival_unregistered.messages + excluded.messages
