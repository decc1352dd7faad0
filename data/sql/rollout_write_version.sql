insert into rollout_version as v (city_id, assets_version, change_id, refreshed_at)
select c.city_id, c.assets_version, %(change_id)s, clock_timestamp() from city c where c.city_id = %(city_id)s
on conflict (city_id) do update
   set assets_version = excluded.assets_version, change_id = excluded.change_id, refreshed_at = excluded.refreshed_at
