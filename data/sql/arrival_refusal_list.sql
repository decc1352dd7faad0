-- $4: senders that the caller may see; null = all
select sender, result, sum(frames)::bigint as frames, (extract(epoch from max(hour_at)) * 1000)::bigint as last_hour_ms
from arrival_refusal
where city_id = $1 and hour_at >= $2::timestamptz and hour_at < $3::timestamptz and ($4::text[] is null or sender = any($4::text[]))
group by sender, result
order by sum(frames) desc, sender, result
