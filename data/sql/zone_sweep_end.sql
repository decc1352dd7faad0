with gone as (
    delete from zone_solution where city_id = %(city_id)s and source_id <> all(%(source_ids)s)
), gone_pipes as (
    delete from zone_pipe where city_id = %(city_id)s and source_id <> all(%(source_ids)s)
), gone_stations as (
    delete from zone_station where city_id = %(city_id)s and source_id <> all(%(source_ids)s)
)
insert into zone_sweep (city_id, network_version, valve_version)
values (%(city_id)s, %(network_version)s, %(valve_version)s)
on conflict (city_id) do update
   set swept_at = now(), network_version = excluded.network_version, valve_version = excluded.valve_version
