insert into arrival_refusal (city_id, hour_at, sender, result, frames)
select $1, $2::timestamptz, refused.sender, refused.result, refused.frames
from unnest($3::text[], $4::text[], $5::bigint[]) as refused (sender, result, frames)
on conflict (city_id, hour_at, sender, result) do update set frames = arrival_refusal.frames + excluded.frames
