-- one process of all adds a sample: the one that moves the time on. $2: now, $3: shortest seconds between two samples
insert into rollout_sample as s (city_id, sampled_at) values ($1, $2)
on conflict (city_id) do update set sampled_at = excluded.sampled_at
 where s.sampled_at <= $2::timestamptz - make_interval(secs => $3::float8)
returning (select old.sampled_at from rollout_sample old where old.city_id = $1) as before_at
